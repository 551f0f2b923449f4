"""Does a transformed recording go further away as the strength rises?"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from control_figures import pictures
from control_figures.measure import difference_db, largest, relative
from control_figures.place import Figures, Piece, Place, Sizes, figures_of, piece
from control_figures.recordings import CAPTION, Held, held_out
from control_figures.section import Claim, Section, Table, decibels, number
from soundctm import edits
from soundctm.audio import Clip
from soundctm.control.limiter import turned_down
from soundctm.sources import waveform

NAME, STEPS, SEED = "transform", 16, 1200
STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
SHOWN = 3
NEEDED_DB = -60.0
MEASURES = {"latents": "distance in latents", "embeddings": "distance of embeddings"}


def pieces(sizes: Sizes) -> list[Piece]:
    """One."""
    return [piece(NAME, 1.5 * sizes.edited, run, count=sizes.edited, strengths=list(STRENGTHS), steps=STEPS, seed=SEED)]


@torch.no_grad()
def run(place: Place, count: int, strengths: list[float], steps: int, seed: int) -> Figures:
    """Distances of each recording under another class's caption, by strength: ``[recording][strength]``."""
    distances: dict[str, list[list[float]]] = {measure: [] for measure in MEASURES}
    away_at_0 = []
    for i, one in enumerate(held_out(place, count)):
        clips = [
            place.model.edit(
                edits.transform(one.clip, strength, one.name), CAPTION[one.next_class], steps=steps, seed=seed + i
            )[0]
            for strength in strengths
        ]
        given, *made = (_latents(place, clip) for clip in (one.clip, *clips))
        distances["latents"].append([round(relative(z, given), 4) for z in made])
        embeddings, _ = place.hear([clip.samples[0] for clip in (one.clip, *clips)])
        away = np.linalg.norm(embeddings[1:] - embeddings[0], axis=1)
        distances["embeddings"].append([round(float(value), 4) for value in away])
        away_at_0.append(from_reconstruction(place, one, clips[0]))
        if i < SHOWN:
            for name, clip in zip(("recording", *strengths), (one.clip, *clips), strict=True):
                place.keep(NAME, f"{i}-{name}", clip)
    return {"distances": distances, "at 0": away_at_0}


def _latents(place: Place, clip: Clip) -> np.ndarray:
    """The encoded clip ``[C, T]``."""
    model = place.model
    z = model.normalizer.normalize(model.autoencoder.encode(waveform(clip, model.sample_rate)).mean)  # type: ignore[operator]
    return np.asarray(z[0])


def from_reconstruction(place: Place, one: Held, clip: Clip) -> float | None:
    """Difference in dB of a take from the autoencoder's reconstruction with the take's texture noise."""
    if clip.recipe is None:
        raise ValueError("a take has a recipe")
    codec = place.model.engine.codec(clip.recipe)
    x = waveform(one.clip, place.model.sample_rate)
    wanted = turned_down(codec.decode(codec.encode(x), x.shape[-1])[0]).numpy()
    return difference_db(clip.samples, wanted)


def rises(values: list[float]) -> bool:
    """Whether each is at least the one before it."""
    return all(later >= earlier for earlier, later in pairwise(values))


def summary(place: Place) -> Figures | None:
    """Means over recordings, and how many of them rise throughout."""
    figures = figures_of(place, pieces(place.sizes)[0])
    if figures is None:
        return None
    rows = {
        measure: {
            "means": np.mean(each, axis=0).round(4).tolist(),
            "rising": sum(rises(one) for one in each),
        }
        for measure, each in figures["distances"].items()
    }
    return {"rows": rows, "count": len(figures["at 0"]), "at 0": largest(figures["at 0"])}


def section(figures: Figures) -> Section:
    """Distances by strength."""
    rows, count = figures["rows"], figures["count"]
    lines = [
        [MEASURES[measure], *(number(value, 3) for value in one["means"]), f"{one['rising']} of {count}"]
        for measure, one in rows.items()
    ]
    header = ("mean over recordings", *(f"strength {s:g}" for s in STRENGTHS), "recordings that rise throughout")
    how = (
        f"{count} held-out recordings under the caption of another class, {STEPS} steps, the same noise at every "
        "strength. Distance in latents: RMS of the difference between the encoded take and the encoded recording, over "
        "that of the latter. Embeddings: Euclidean distance between what the evaluator hears."
    )
    checked = [
        Claim(f"{MEASURES[measure]}, mean", "rises with strength",
              " < ".join(number(value, 3) for value in one["means"]) if rises(one["means"]) else "does not",
              rises(one["means"]))
        for measure, one in rows.items()
    ]  # fmt: skip
    checked.append(
        Claim("strength 0 returns the autoencoder's reconstruction: difference", f"less than {NEEDED_DB:.0f} dB",
              decibels(figures["at 0"]), figures["at 0"] is None or figures["at 0"] < NEEDED_DB)
    )  # fmt: skip
    pictured = [("control_transform.png", "Recordings under the next class's caption, by strength")]
    return Section("Transform", how, [Table(header, lines)], checked, pictured)


def draw(place: Place, images: Path) -> None:
    """Some recordings at every strength."""
    shown = held_out(place, min(SHOWN, place.sizes.edited))
    columns = ("recording", *STRENGTHS)
    rows = [[place.sound(NAME, f"{i}-{column}") for column in columns] for i in range(len(shown))]
    titles = ["recording", *(f"strength {s:g}" for s in STRENGTHS)]
    names = [f"{one.class_name}\nto {one.next_class}" for one in shown]
    pictures.sheet(images / "control_transform.png", rows, place.model.sample_rate, names, titles)
