"""Table 14 at small scale: held-out recordings, low-passed and extended again."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from control_figures import pictures
from control_figures.measure import difference_below, largest, low_pass, lsd, mean, median
from control_figures.place import Figures, Piece, Place, Sizes, figures_of, piece
from control_figures.recordings import Held, held_out
from control_figures.section import Claim, Section, Table, decibels, number
from soundctm import edits
from soundctm.audio import Clip
from soundctm.control.codec import Codec
from soundctm.sources import waveform

CUTOFF, HEADROOM, SEED = 3000.0, 0.99, 700
STEPS = (4, 8)
SHOWN = 5
NEEDED_DB = -60.0
PAPER = {"low-passed": 28.8, "4 steps": 13.3, "8 steps": 12.9}


def pieces(sizes: Sizes) -> list[Piece]:
    """The ends of the scale, and a piece for every number of steps."""
    n = sizes.recordings
    ends = piece("bandwidth, ends", 0.3 * n, run_ends, count=n, cutoff=CUTOFF)
    extended = [
        piece(f"bandwidth, {steps} steps", 0.3 * n * steps, run, count=n, cutoff=CUTOFF, steps=steps, seed=SEED)
        for steps in STEPS
    ]
    return [ends, *extended]


def with_headroom(place: Place, count: int, cutoff: float) -> list[tuple[Held, Clip]]:
    """Recordings and their low-passed versions; both lowered where the latter would go beyond full scale."""
    found = []
    for one in held_out(place, count):
        low = low_pass(one.samples, one.clip.sample_rate, cutoff)
        gain = np.float32(min(1.0, HEADROOM / max(float(np.abs(low).max()), 1e-9)))
        recording = replace(one, clip=Clip(one.clip.samples * gain, one.clip.sample_rate))
        found.append((recording, Clip((low * gain)[None], one.clip.sample_rate)))
    return found


def run_ends(place: Place, count: int, cutoff: float) -> Figures:
    """Distances of the low-passed recordings, and of the autoencoder's reconstructions, to the recordings."""
    model, figures = place.model, Figures({"low-passed": [], "reconstruction": []})
    codec = Codec(model.autoencoder, model.normalizer)
    for one, low in with_headroom(place, count, cutoff):
        x = waveform(one.clip, model.sample_rate)
        reconstructed = codec.decode(codec.encode(x), x.shape[-1])[0, 0].detach().numpy()
        figures["low-passed"].append(round(lsd(low.samples[0], one.samples), 3))
        figures["reconstruction"].append(round(lsd(reconstructed, one.samples), 3))
    return figures


def run(place: Place, count: int, cutoff: float, steps: int, seed: int) -> Figures:
    """Distances of the extended recordings to the recordings, and what changed below the cut-off."""
    model, figures = place.model, Figures({"lsd": [], "below": [], "clipped": []})
    rate = model.sample_rate
    for i, (one, observed) in enumerate(with_headroom(place, count, cutoff)):
        plan = edits.extend_bandwidth(observed, cutoff, one.name)
        clip = model.edit(plan, one.caption, steps=steps, seed=seed + i)[0]
        figures["lsd"].append(round(lsd(clip.samples[0], one.samples), 3))
        figures["below"].append(difference_below(clip.samples[0], observed.samples[0], rate, cutoff))
        figures["clipped"].append(bool((np.abs(clip.samples) >= 1).any()))
        if i < SHOWN and steps == STEPS[-1]:
            for name, sound in (("input", observed), ("extended", clip), ("recording", one.clip)):
                place.keep("bandwidth", f"{i}-{name}", sound)
    return figures


def summary(place: Place) -> Figures | None:
    """Means over recordings, and the largest difference below the cut-off."""
    found = {one.name: figures_of(place, one) for one in pieces(place.sizes)}
    done = {name.removeprefix("bandwidth, "): each for name, each in found.items() if each is not None}
    if len(done) < len(found):
        return None
    ends = done.pop("ends")
    figures: Figures = {name: {"lsd": mean(values), "median": median(values)} for name, values in ends.items()}
    for name, each in done.items():
        figures[name] = {"lsd": mean(each["lsd"]), "median": median(each["lsd"]), "below": largest(each["below"]),
                         "clipped": sum(each["clipped"])}  # fmt: skip
    return {"rows": figures, "count": len(ends["low-passed"]), "cutoff": CUTOFF}


def section(figures: Figures) -> Section:
    """Table 14 and what was wanted."""
    rows, count = figures["rows"], figures["count"]
    titles = {"low-passed": "low-passed (the input)", "reconstruction": "the recording through the autoencoder"}
    order = ["low-passed", *(f"{n} steps" for n in STEPS), "reconstruction"]
    lines = [
        [titles.get(name, name), number(rows[name]["lsd"]), number(rows[name]["median"]),
         decibels(rows[name]["below"]) if "below" in rows[name] else "", str(rows[name].get("clipped", "")),
         str(PAPER.get(name, ""))]
        for name in order
    ]  # fmt: skip
    header = (
        "sound",
        "LSD, dB: mean",
        "median",
        "largest difference below the cut-off",
        "results that reach full scale",
        "paper: LSD",
    )
    how = (
        f"{count} recordings of fold 5 of ESC-10, {figures['cutoff']:.0f} Hz low-pass (zero-phase FIR, 100 dB down "
        "50 Hz above the cut-off), then `extend-bandwidth` with the class's caption. A recording whose low-passed "
        "version would go beyond full scale is lowered first. LSD: log-spectral distance to the "
        "recording in dB (`soundctm.metrics.lsd`: 2048-point STFT, floor -120 dB; the paper does not state its scale, "
        "so compare ratios). The difference is the energy of the difference up to the cut-off over that of "
        "the input's, the largest of all recordings."
    )
    given = rows["low-passed"]["lsd"]
    checked = [
        claim
        for name in order[1:-1]
        for claim in (
            Claim(f"LSD in {name} over the input's", "at most 0.5", number(rows[name]["lsd"] / given, 2),
                  rows[name]["lsd"] <= given / 2),
            Claim(f"difference below the cut-off in {name}", f"less than {NEEDED_DB:.0f} dB",
                  decibels(rows[name]["below"]), rows[name]["below"] is None or rows[name]["below"] < NEEDED_DB),
        )
    ]  # fmt: skip
    pictured = [("control_bandwidth.png", f"Input, extended in {STEPS[-1]} steps, recording")]
    return Section("Bandwidth extension (Table 14)", how, [Table(header, lines)], checked, pictured)


def draw(place: Place, images: Path) -> None:
    """Input, extended and recording side by side (Fig. 13)."""
    shown = held_out(place, min(SHOWN, place.sizes.recordings))
    columns = ("input", "extended", "recording")
    rows = [[place.sound("bandwidth", f"{i}-{name}") for name in columns] for i in range(len(shown))]
    pictures.sheet(
        images / "control_bandwidth.png", rows, place.model.sample_rate, [one.class_name for one in shown], columns
    )
