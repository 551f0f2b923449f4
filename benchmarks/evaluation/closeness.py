"""How close takes are to real recordings, students to their teacher, and refined takes to auditioned ones."""

from collections.abc import Callable

import numpy as np
import torch

from evaluation.common import Bench, Figures
from soundctm.control.limiter import turned_down
from soundctm.diffusion import guided_denoiser, heun, sigma_grid
from soundctm.metrics.evaluator import evaluator_filters, log_mel
from soundctm.metrics.frechet import frechet_distance
from soundctm.metrics.kernel import kernel_distance
from soundctm.takes import take_seed
from soundctm.training.data.recordings import ESC10_CLASSES, find_recordings, fit_length, load_mono

LENGTH = 220500
DRAWS = 20


def real(bench: Bench, held_out: bool) -> list[np.ndarray]:
    """The ESC-10 recordings of one side of the split."""
    if bench.recordings is None:
        raise ValueError("distances to real sound need the recordings: --data")
    wanted = {name for name, _ in ESC10_CLASSES.values()}
    chosen = [r for r in find_recordings(bench.recordings) if r.held_out == held_out and r.class_name in wanted]
    return [fit_length(load_mono(r.path), LENGTH) for r in chosen]


def reconstruct(bench: Bench, sounds: list[np.ndarray]) -> list[np.ndarray]:
    """Through the autoencoder and back."""
    autoencoder = bench.model.autoencoder
    with torch.inference_mode():
        posteriors = (autoencoder.encode(torch.from_numpy(x)[None, None]) for x in sounds)  # type: ignore[operator]
        return [autoencoder.decode(p.mode)[0, 0, :LENGTH].numpy() for p in posteriors]  # type: ignore[operator]


def to_real(bench: Bench, steps: tuple[int, ...]) -> Figures:
    """Kernel and Frechet distance to held-out clips: of training clips (the floor), of reconstructions, of as many
    takes as there are training clips, of white noise at the clips' level.

    The Frechet distance of a finite sample is too large, the more so the smaller the sample (Chong and Forsyth, 2020),
    but for reconstructions, which are of the very clips that they are compared with. "of 100" is that of ten clips or
    takes a class, the mean of :data:`DRAWS` draws.
    """
    target, floor = real(bench, held_out=True), real(bench, held_out=False)
    each = len(floor) // len(ESC10_CLASSES)
    rng = np.random.default_rng(0)
    prompts = [captions[0] for _, captions in ESC10_CLASSES.values()]
    sets = {
        "training clips (floor)": floor,
        "reconstructions": reconstruct(bench, target),
        **{f"takes, {n} steps": [x for prompt in prompts for x in bench.takes_of(prompt, n, each)] for n in steps},
        "white noise": [(0.05 * rng.standard_normal(LENGTH)).astype(np.float32) for _ in range(40)],
    }
    reference = bench.listener.hear(target)[0]
    figures: Figures = {}
    for name, sounds in sets.items():
        heard = bench.listener.hear(sounds)[0]
        found = {"kernel": kernel_distance(heard, reference), "frechet": frechet_distance(heard, reference)}
        if len(sounds) == len(floor):
            draws = (ten_a_class(heard, np.random.default_rng(i)) for i in range(DRAWS))
            found["of 100"] = float(np.mean([frechet_distance(few, reference) for few in draws]))
        figures[name] = {measure: round(value, 5 if measure == "kernel" else 3) for measure, value in found.items()}
    return figures


def ten_a_class(heard: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ten embeddings of each class, from ``[n, D]`` in order of their classes, of which there are as many of each."""
    by_class = heard.reshape(len(ESC10_CLASSES), -1, heard.shape[1])
    return np.concatenate([rows[rng.permutation(len(rows))[:10]] for rows in by_class])


def teacher_takes(bench: Bench, prompts: list[str], seed: int, count: int) -> list[np.ndarray]:
    """Takes of the teacher: 40 Heun steps with guidance, from the noise a student take would start from."""
    model = bench.model
    if model.teacher is None:
        raise ValueError("this model has no teacher")
    sounds = []
    with torch.inference_mode():
        for prompt in prompts:
            recipe = model.generate(prompt, steps=1, seed=seed)[0].recipe
            if recipe is None:
                raise ValueError("a generated clip has a recipe")
            recipes = [recipe.model_copy(update={"take": take}) for take in range(count)]
            z = torch.stack([model.engine.noise(r)[0] for r in recipes]) * model.config.sigma_max
            conditioning, null = (model.encode(text).expand(count) for text in (prompt, ""))
            z = heun(guided_denoiser(model.teacher, conditioning, null, model.config.omega), z, sigma_grid(40))
            seeds = [take_seed(r) for r in recipes]
            x = model.autoencoder.decode(model.normalizer.denormalize(z), seed=seeds)  # type: ignore[operator]
            sounds += [turned_down(sound).numpy() for sound in x[:, 0, :LENGTH]]
    return sounds


def to_teacher(bench: Bench, seeds: tuple[int, ...] = (1, 2, 3)) -> Figures:
    """Frechet distance to held-out clips of student takes in 1 and 16 steps, over that of the teacher, per seed."""
    reference = bench.listener.hear(real(bench, held_out=True))[0]
    prompts = [captions[0] for _, captions in ESC10_CLASSES.values()]
    ratios: dict[int, list[float]] = {1: [], 16: []}
    for seed in seeds:
        guide = frechet_distance(bench.listener.hear(teacher_takes(bench, prompts, seed, bench.takes))[0], reference)
        for steps, values in ratios.items():
            takes = [x for prompt in prompts for x in bench.takes_of(prompt, steps, seed=seed)]
            values.append(round(frechet_distance(bench.listener.hear(takes)[0], reference) / guide, 3))
    return {f"{steps} steps / teacher, per seed": values for steps, values in ratios.items()}


def content(bench: Bench) -> Figures:
    """:func:`kept` in the evaluator's embedding."""
    return kept(bench, lambda takes: bench.listener.hear(takes)[0])


def content_in_time(bench: Bench) -> Figures:
    """:func:`kept` in log-mel spectrograms, which know when something happens; the embedding averages over time."""
    filters = evaluator_filters()
    return kept(bench, lambda takes: log_mel(torch.from_numpy(np.stack(takes)), filters).flatten(1).numpy())


def kept(bench: Bench, heard: Callable[[list[np.ndarray]], np.ndarray]) -> Figures:
    """Mean distance between 1-step and 16-step takes of one noise, at gamma 0 and 0.5, over the distance between takes
    of different seeds: among 1-step takes, and among 16-step takes (which differ more)."""
    same: dict[float, list[float]] = {0.0: [], 0.5: []}
    apart: dict[str, list[float]] = {"1-step": [], "16-step": []}
    for _, captions in ESC10_CLASSES.values():
        one = heard(bench.takes_of(captions[0], 1))
        for gamma, values in same.items():
            many = heard(bench.takes_of(captions[0], 16, gamma=gamma))
            values += list(np.linalg.norm(one - many, axis=1))
            if gamma == 0.0:
                apart["16-step"] += list(np.linalg.norm(many - np.roll(many, 1, axis=0), axis=1))
        apart["1-step"] += list(np.linalg.norm(one - np.roll(one, 1, axis=0), axis=1))
    units = {name: float(np.mean(values)) for name, values in apart.items()}
    return {
        f"gamma {gamma} over {name} seeds": round(float(np.mean(values)) / unit, 3)
        for gamma, values in same.items()
        for name, unit in units.items()
    }
