"""Table 5 at small scale: six shapes of intensity, and ways to reach them."""

import time
from pathlib import Path
from typing import get_args

import numpy as np
import torch

from control_figures import pictures, reference
from control_figures.measure import fall, median
from control_figures.place import Figures, Piece, Place, Sizes, figures_of, piece
from control_figures.recordings import prompts as captions
from control_figures.section import Claim, Section, Table, fallen, number
from soundctm.audio import Clip
from soundctm.audio.recipe import AUDITIONS, LATE, SHORTLIST, STRONG, Steering
from soundctm.audio.recipe import FADER as MOST
from soundctm.audio.target import Target
from soundctm.control.curves import CURVES, curve_times
from soundctm.control.shapes import Shape
from soundctm.control.target_loss import deviations
from soundctm.control.targets import from_shape
from soundctm.metrics.frechet import frechet_distance

STEPS, SEED = 16, 500
SHAPES: tuple[Shape, ...] = get_args(Shape)
EVERY = 5  # frames of 10 ms between the points of a curve that is kept
SHOWN = 2  # prompts whose takes are kept

FADER = "default, then a fader"
EVERY_STEP = "loss guidance at every step of the paper's grid"
OWN = "the same noise, late guidance and a fader"
NEAREST = "the nearest audition, late guidance and a fader"
ALONE = "auditions and late guidance"
GUIDED = "auditions, late guidance and a fader"  # what Steering() is
# name: steering (None for the plain model), gamma, cost of a take in seconds
METHODS: dict[str, tuple[Steering | None, float, float]] = {
    "default": (None, 0.0, 0.4),
    FADER: (None, 0.0, 0.4),
    "z_T optimisation, gamma 0": (Steering(method="start"), 0.0, 11.0),
    "z_T optimisation, gamma 0.2": (Steering(method="start"), 0.2, 11.0),
    EVERY_STEP: (Steering(strength=STRONG, fader=0.0, auditions=1), 0.0, 3.0),
    OWN: (Steering(auditions=1), 0.0, 3.0),
    NEAREST: (Steering(shortlist=1), 0.0, 4.0),
    ALONE: (Steering(fader=0.0), 0.0, 4.0),
    GUIDED: (Steering(), 0.0, 4.0),
}
# Table 5 of the paper, 200 prompts of AudioCaps a shape: MSE, FAD (vgg), CLAP score
OF_THE_PAPER = tuple(method for method in METHODS if method not in (FADER, OWN, NEAREST, ALONE, GUIDED))
PAPER = dict(zip(OF_THE_PAPER, ((231.9, 2.08, 0.47), (60.2, 3.65, 0.38), (50.4, 3.71, 0.41), (18.5, 3.04, 0.41)),
                 strict=True))  # fmt: skip


def name_of(method: str, shape: str) -> str:
    """Of a piece."""
    return f"intensity, {method}, {shape}"


def pieces(sizes: Sizes) -> list[Piece]:
    """One for every method and shape."""
    found = []
    for method, (steering, gamma, cost) in METHODS.items():
        for shape in SHAPES:
            how = None if steering is None else steering.model_dump(mode="json")
            found.append(
                piece(
                    name_of(method, shape), cost * sizes.prompts, run, method=method, shape=shape, steering=how,
                    gamma=gamma, steps=STEPS, seed=SEED, prompts=sizes.prompts,
                )
            )  # fmt: skip
    return found


def run(
    place: Place, method: str, shape: Shape, steering: Figures | None, gamma: float, steps: int, seed: int,
    prompts: int,
) -> Figures:  # fmt: skip
    """Takes of every prompt, each from noise of its own that all methods share."""
    model, target, take = place.model, from_shape(shape, place.seconds), SHAPES.index(shape)
    asked = captions(prompts)
    how = Steering() if steering is None else Steering.model_validate(steering)
    targets = () if steering is None else (target,)
    model.generate(asked[0][0], seed=0)  # what is done once is not timed
    clips, seconds = [], []
    for i, (prompt, _) in enumerate(asked):
        recipe = model.recipes(
            prompt, takes=take + 1, steps=steps, seed=seed + i, gamma=gamma, targets=targets, steering=how
        )[take]
        if method == EVERY_STEP:
            recipe = recipe.model_copy(update={"sigma_first": None})
        begun = time.perf_counter()
        clip = next(model.replay([recipe]))
        clips.append(faded(clip, target) if method == FADER else clip)
        seconds.append(round(time.perf_counter() - begun, 3))
    for i, clip in enumerate(clips[:SHOWN]):
        place.keep(name_of(method, shape), str(i), clip)
    embeddings, heard = place.hear([clip.samples[0] for clip in clips])
    curves = np.stack([curve_of(clip) for clip in clips])
    place.keep_arrays(name_of(method, shape), {"embeddings": embeddings, "curves": curves})
    return {
        "mse": [round(deviations(clip.samples, clip.sample_rate, [target])[0] ** 2, 3) for clip in clips],
        "hits": [name == wanted for name, (_, wanted) in zip(heard, asked, strict=True)],
        "seconds": seconds,
    }


def curve_of(clip: Clip) -> np.ndarray:
    """The smoothed intensity of a take every 50 ms."""
    curve = CURVES["intensity"](torch.from_numpy(clip.samples)[None], clip.sample_rate)[0, ::EVERY]
    return curve.numpy().astype(np.float32)


def faded(clip: Clip, target: Target) -> Clip:
    """A finished take whose volume is drawn after the target, at most full scale."""
    x = torch.from_numpy(clip.samples)[None]
    times = curve_times(x.shape[-1], clip.sample_rate)
    values, bound = target.at(times)
    gain = np.where(bound, values - CURVES["intensity"](x, clip.sample_rate)[0].numpy(), 0.0)
    every = np.interp(np.arange(x.shape[-1]) / clip.sample_rate, times, gain)
    samples = np.clip(clip.samples * 10 ** (every / 20), -1, 1).astype(np.float32)
    return Clip(samples, clip.sample_rate)


def summary(place: Place) -> Figures | None:
    """Figures of every method over all shapes, and by shape."""
    real = figures_of(place, reference.pieces(place.sizes)[0])
    found = {one.name: figures_of(place, one) for one in pieces(place.sizes)}
    if real is None or any(each is None for each in found.values()):
        return None
    target = place.arrays(reference.NAME)["held out"]
    methods = {}
    for method in METHODS:
        each = {shape: found[name_of(method, shape)] or {} for shape in SHAPES}
        embeddings = np.concatenate([place.arrays(name_of(method, shape))["embeddings"] for shape in SHAPES])
        methods[method] = {
            "mse": round(float(np.mean([one["mse"] for one in each.values()])), 2),
            "mse by shape": {shape: round(float(np.mean(one["mse"])), 2) for shape, one in each.items()},
            "frechet": round(frechet_distance(embeddings, target), 2),
            "agreement": round(float(np.mean([one["hits"] for one in each.values()])), 4),
            "seconds": median([value for one in each.values() for value in one["seconds"]]),
        }
    fell = fall(*([hit for shape in SHAPES for hit in (found[name_of(method, shape)] or {})["hits"]]
                  for method in ("default", GUIDED)))  # fmt: skip
    return {"methods": methods, "reference": real, "fall": fell, "takes": len(SHAPES) * place.sizes.prompts,
            "steps": STEPS, "strengths": [LATE, STRONG], "auditions": AUDITIONS, "shortlist": SHORTLIST, "fader": MOST,
            "iterations": Steering().iterations}  # fmt: skip


def section(figures: Figures) -> Section:
    """Table 5, the shapes one by one, and what was wanted."""
    methods, real = figures["methods"], figures["reference"]
    rows = [
        [name, number(one["mse"]), number(one["frechet"]), number(one["agreement"], 2), number(one["seconds"], 2),
         *(f"{value:g}" if value else "" for value in PAPER.get(name, (None,) * 3))]
        for name, one in methods.items()
    ]  # fmt: skip
    header = ("method", "MSE, dB²", "Frechet distance", "class agreement", "s per take", "paper: MSE", "FAD", "CLAP")
    by_shape = [[name, *(number(one["mse by shape"][shape]) for shape in SHAPES)] for name, one in methods.items()]
    how = (
        f"{len(SHAPES)} shapes from -50 to -15 dB x {figures['takes'] // len(SHAPES)} prompts (captions of the ten "
        f"classes of ESC-10), one take each in {figures['steps']} steps, the same noise for every method but those "
        "with auditions, which choose theirs; nu 1. A fader needs no model: it draws the volume of a finished take, "
        "and shows what the levels alone do to the "
        "figures beside the MSE (it turns up the noise where nothing sounds, and adds no event). MSE is "
        "the mean squared difference, over all frames of all takes, of the target from the intensity curve of the "
        f"finished sound. Guidance at every step has a strength of {figures['strengths'][1]:g}. What `soundctm "
        f"control --intensity` does without further options: it hears {figures['auditions']} noises in one step, takes "
        f"of the {figures['shortlist']} nearest to the curve the one that its text encoder finds to fit the prompt "
        "best (the evaluator is another network), leaves the step that decides what the sound is alone, guides those "
        f"after it (strength {figures['strengths'][0]:g}), and draws what is left by a fader of at most "
        f"{figures['fader']:g} dB. z_T optimisation makes {figures['iterations']} Adam steps on 1-step generation. "
        f"Frechet distance: of the evaluator's embeddings of all {figures['takes']} takes to {real['held out']} "
        f"held-out recordings of the same classes (as many training recordings have {number(real['floor'])}; a sound "
        "that is made to follow a curve cannot have the levels of recordings). Class agreement: share of takes in "
        "which the evaluator hears the prompt's class (of the recordings it recognises "
        f"{number(real['recognised'], 2)}). "
        "Seconds: median on one thread, other processes beside it. The paper's figures are of other prompts, shapes "
        "whose levels it does not print, and other networks: compare ratios."
    )
    pictured = [
        (
            "control_intensity.png",
            "Intensity of all takes (thin) against the target (thick), dB full scale over seconds",
        ),
        (
            "control_shapes.png",
            "Two prompts under auditions, late guidance and a fader: spectrograms",
        ),
    ]
    tables = [Table(header, rows), Table(("MSE, dB²", *SHAPES), by_shape, "By shape:")]
    return Section("Intensity (Table 5)", how, tables, claims(methods, figures["fall"]), pictured)


def claims(methods: Figures, fell: list[float]) -> list[Claim]:
    """What the figures must show."""
    names = (*OF_THE_PAPER[:3], GUIDED)
    default, start, stirred, guided = (methods[name] for name in names)
    ratio = default["mse"] / guided["mse"]
    best, fastest = min(start["mse"], stirred["mse"]), min(start["seconds"], stirred["seconds"])
    return [
        Claim("default MSE over guided MSE", "at least 10 (paper: 12.5)", number(ratio), ratio >= 10),
        Claim("guidance beats z_T optimisation", f"MSE below {number(best)}", number(guided["mse"]),
              guided["mse"] < best),
        Claim("guidance costs less time than z_T optimisation", f"below {number(fastest, 2)} s per take",
              f"{number(guided['seconds'], 2)} s", guided["seconds"] < fastest),
        Claim("class agreement under guidance", "falls by at most 5 points",
              f"falls by {fallen(*fell)} points", fell[0] <= 5),
    ]  # fmt: skip


def draw(place: Place, images: Path) -> None:
    """Curves of all takes, and the spectrograms of two prompts under guidance."""
    seconds, rate = place.seconds, place.model.sample_rate
    silence = Clip(np.zeros((1, round(seconds * rate)), np.float32), rate)
    times = np.linspace(0, seconds, len(curve_of(silence)))
    targets: dict[str, np.ndarray] = {shape: from_shape(shape, seconds).at(times)[0] for shape in SHAPES}
    curves: dict[str, dict[str, np.ndarray]] = {
        method: {shape: place.arrays(name_of(method, shape))["curves"] for shape in SHAPES} for method in METHODS
    }
    pictures.curves(images / "control_intensity.png", times, targets, curves)
    names = [prompt for prompt, _ in captions(SHOWN)]
    rows = [[place.sound(name_of(GUIDED, shape), str(i)) for shape in SHAPES] for i in range(SHOWN)]
    pictures.sheet(images / "control_shapes.png", rows, rate, names, list(SHAPES))
