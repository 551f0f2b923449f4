"""Do loops have a seam? Scores at the seam against scores inside."""

from pathlib import Path

import numpy as np
from scipy.stats import mannwhitneyu

from control_figures import pictures
from control_figures.measure import median
from control_figures.place import Figures, Piece, Place, Sizes, figures_of, piece
from control_figures.recordings import prompts
from control_figures.section import Claim, Section, Table, number
from soundctm.control.seams import seam_score

NAME, STEPS, SEED, INSIDE = "loops", 16, 1000, 8
CHANCE = 0.05
MARGIN = 0.1  # share of the sound beside the seam where no interior point lies
KINDS = {"seam": "seam of a loop", "inside": "random points inside the loops", "cut": "end to start of ordinary takes"}


def pieces(sizes: Sizes) -> list[Piece]:
    """One."""
    return [piece(NAME, 1.5 * sizes.loops, run, takes=sizes.loops, steps=STEPS, seed=SEED, inside=INSIDE)]


def run(place: Place, takes: int, steps: int, seed: int, inside: int) -> Figures:
    """Scores at the seam of every loop, at random points inside, and where an ordinary take of its noise is cut."""
    model, rng = place.model, np.random.default_rng(seed)
    asked = prompts(20)
    scores: dict[str, list[float]] = {kind: [] for kind in KINDS}
    parts: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in KINDS}
    for i in range(takes):
        prompt = asked[i % len(asked)][0]
        loop, plain = (model.generate(prompt, steps=steps, seed=seed + i, loop=looped)[0] for looped in (True, False))
        length = loop.samples.shape[1]
        points = rng.integers(round(MARGIN * length), round((1 - MARGIN) * length), inside).tolist()
        for kind, clip, places in (("seam", loop, [0]), ("inside", loop, points), ("cut", plain, [0])):
            for at in places:
                seam = seam_score(clip.samples, clip.sample_rate, at)
                scores[kind].append(round(seam.total, 4))
                parts[kind].append((seam.level_db, seam.spectrum_db, seam.waveform))
    middle = {kind: np.median(np.asarray(each), axis=0).round(3).tolist() for kind, each in parts.items()}
    return {"scores": scores, "parts": middle}


def summary(place: Place) -> Figures | None:
    """Quartiles of every kind."""
    figures = figures_of(place, pieces(place.sizes)[0])
    if figures is None:
        return None
    rows = {}
    for kind, scores in figures["scores"].items():
        low, high = np.percentile(scores, (25, 75))
        rows[kind] = {"median": median(scores), "quartiles": [round(float(low), 4), round(float(high), 4)],
                      "parts": figures["parts"][kind], "points": len(scores)}  # fmt: skip
    worse = mannwhitneyu(figures["scores"]["seam"], figures["scores"]["inside"], alternative="greater").pvalue
    return {"rows": rows, "takes": place.sizes.loops, "p": round(float(worse), 4)}


def section(figures: Figures) -> Section:
    """Scores at the seam and elsewhere."""
    rows = figures["rows"]
    lines = [
        [KINDS[kind], str(one["points"]), number(one["median"], 3),
         " to ".join(number(value, 2) for value in one["quartiles"]), *(number(value) for value in one["parts"])]
        for kind, one in rows.items()
    ]  # fmt: skip
    header = ("where", "points", "seam score: median", "quartiles", "level, dB", "spectrum, dB", "waveform")
    how = (
        f"{figures['takes']} takes of captions of ESC-10 with `--loop`, {STEPS} steps. The seam score (1: an "
        f"ordinary point) is taken at the loop point, at {INSIDE} random points in the middle of each of the same "
        "takes, and for comparison between end and start of ordinary takes from the same noise. The last three columns "
        "are medians of the jumps behind it: level, spectrum, and the step of the waveform in multiples of an ordinary "
        "prediction error. Of two equal sets of points one has the higher median by chance alone; p is that of a "
        "one-sided Mann-Whitney test."
    )
    seam, inside = rows["seam"]["median"], rows["inside"]["median"]
    checked = [
        Claim("median seam score of loops", f"no worse than inside the takes ({number(inside, 3)})", number(seam, 3),
              seam <= inside),
        Claim("the same beyond chance: p that seams are not worse", f"at least {CHANCE:g}", f"{figures['p']:.2g}",
              figures["p"] >= CHANCE),
    ]  # fmt: skip
    pictured = [("control_loops.png", "Seam scores: quartiles, median and range")]
    return Section("Loops", how, [Table(header, lines)], checked, pictured)


def draw(place: Place, images: Path) -> None:
    """The distributions side by side."""
    figures = figures_of(place, pieces(place.sizes)[0])
    if figures is not None:
        pictures.boxes(images / "control_loops.png", {KINDS[k]: v for k, v in figures["scores"].items()}, "seam score")
