"""Edits of a few recordings, and ways to watch a model at work."""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from soundctm import Clip, Recipe, SoundCTM, edits
from soundctm.audio.target import Target
from tests.oracles.recordings import recording

A, B = recording(1), recording(2, seconds=0.7)
STEREO = recording(4, seconds=0.8, rate=16000, channels=2)
RISE = Target(feature="intensity", points=((0.0, -40.0), (1.0, -12.0)))

PLANS: dict[str, Callable[[], edits.Plan]] = {
    "extend-bandwidth": lambda: edits.extend_bandwidth(A, 1000.0),
    "declip": lambda: edits.declip(A, 0.3),
    "fill": lambda: edits.fill(A, 0.3, 0.6),
    "extend": lambda: edits.extend(A, 0.2, 0.3),
    "join": lambda: edits.join(A, B, 0.25),
    "loop": lambda: edits.loop(A, 0.2),
    "transform": lambda: edits.transform(A, 0.6),
    "morph": lambda: edits.morph(A, B, 0.4),
    "fill of stereo at another rate": lambda: edits.fill(STEREO, 0.3, 0.6),
    "join with itself": lambda: edits.join(A, A, 0.25),
}


def recipe_of(clip: Clip) -> Recipe:
    assert clip.recipe is not None
    return clip.recipe


def levels_of(model: SoundCTM, action: Callable[[], object]) -> tuple[list[float], list[int]]:
    """Noise levels at which the student was asked during an action, and how many frames each item of each batch had."""
    levels: list[float] = []
    frames: list[int] = []
    starts = itertools.cycle((True, False))  # where jumps start is embedded first, then where they end

    def watch_levels(module: torch.nn.Module, args: tuple[Tensor, ...]) -> None:
        levels.extend((4 * args[0]).exp().tolist() if next(starts) else [])

    def watch_latents(module: torch.nn.Module, args: tuple[Tensor, ...]) -> None:
        frames.extend([args[0].shape[-1]] * len(args[0]))

    watched = {model.student.timestep_features: watch_levels, model.student.preprocess_conv: watch_latents}
    handles = [module.register_forward_pre_hook(watch) for module, watch in watched.items()]
    try:
        action()
    finally:
        for handle in handles:
            handle.remove()
    return levels, frames
