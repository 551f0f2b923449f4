"""What the strength of guidance trades: nearness to the curve against what is heard."""

from collections import Counter
from pathlib import Path

import numpy as np

from control_figures.intensity import SHAPES
from control_figures.measure import fall
from control_figures.place import Figures, Piece, Place, Sizes, figures_of, piece
from control_figures.recordings import prompts
from control_figures.section import Section, Table, fallen, number
from soundctm.audio.recipe import AUDITIONS, FADER, LATE, Steering
from soundctm.control.target_loss import deviations
from soundctm.control.targets import from_shape

PLAIN = 0.0  # the model by itself
STRENGTHS = (PLAIN, 0.1, 0.2, 0.5, 1.0, 2.0)
STEPS, SEED = 16, 1320


def name_of(strength: float) -> str:
    """Of a piece."""
    return f"strength {strength:g}"


def pieces(sizes: Sizes) -> list[Piece]:
    """One for every strength."""
    return [
        piece(name_of(s), 3.0 * sizes.takes, run, strength=s, takes=sizes.takes, steps=STEPS, seed=SEED)
        for s in STRENGTHS
    ]


def run(place: Place, strength: float, takes: int, steps: int, seed: int) -> Figures:
    """Takes of the prompts by turns, each after the next shape, with one more in every turn, so that every prompt meets
    every shape in 120 takes; strength 0 is the plain model."""
    asked = prompts(20)
    sounds, errors = [], []
    for i in range(takes):
        target = from_shape(SHAPES[(i % len(asked) + i // len(asked)) % len(SHAPES)], place.seconds)
        clip = place.model.generate(
            asked[i % len(asked)][0], steps=steps, seed=seed + i, targets=(target,) if strength else (),
            steering=Steering(strength=strength),
        )[0]  # fmt: skip
        errors.append(round(deviations(clip.samples, clip.sample_rate, [target])[0] ** 2, 3))
        sounds.append(clip.samples[0])
    _, heard = place.hear(sounds)
    hits = [name == asked[i % len(asked)][1] for i, name in enumerate(heard)]
    return {"mse": errors, "hits": hits}


def summary(place: Place) -> Figures | None:
    """Means by strength."""
    found = {s: figures_of(place, one) for s, one in zip(STRENGTHS, pieces(place.sizes), strict=True)}
    done = {strength: figures for strength, figures in found.items() if figures is not None}
    if len(done) < len(STRENGTHS):
        return None
    rows = []
    for strength, figures in done.items():
        mse, hits = (round(float(np.mean(figures[name])), 3) for name in ("mse", "hits"))
        fell = fall(done[PLAIN]["hits"], figures["hits"])
        rows.append({"strength": strength, "mse": mse, "agreement": hits, "fall": fell})
    asked = prompts(20)
    lost = Counter(asked[i % len(asked)][1] for i, hit in enumerate(done[LATE]["hits"]) if not hit)
    return {"rows": rows, "lost": dict(lost.most_common()), "takes": place.sizes.takes, "default": LATE,
            "fader": FADER, "auditions": AUDITIONS}  # fmt: skip


def section(figures: Figures) -> Section:
    """MSE and class agreement by strength."""
    rows = [
        [f"{r['strength']:g}", number(r["mse"]), number(r["agreement"], 3), fallen(*r["fall"]) if r["strength"] else ""]
        for r in figures["rows"]
    ]
    lost = ", ".join(f"{count} of {name}" for name, count in figures["lost"].items())
    how = (
        f"{figures['takes']} takes for each strength, the captions of ESC-10 by turns, each with each of the "
        f"six shapes, {STEPS} steps, the noise chosen from {figures['auditions']}, with a fader of at most "
        f"{figures['fader']:g} dB; the default is {figures['default']:g}, 0 is the plain model with neither. In "
        "brackets: where 95 % of the falls lie when the takes are drawn anew (bootstrap). At the default the evaluator "
        f"hears another class in {lost or 'none'} of these takes."
    )
    header = ("strength", "MSE, dB²", "class agreement", "falls by, points")
    return Section("Strength of guidance", how, [Table(header, rows)])


def draw(place: Place, images: Path) -> None:
    """No picture."""
