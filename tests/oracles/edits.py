"""Edits of a few recordings, and ways to watch a model at work."""

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
    """Noise levels at which the student was asked during an action, and how many frames it saw each time."""
    levels, frames = [], []

    def watch(module: torch.nn.Module, args: tuple[Tensor, ...]) -> None:
        levels.append(float((4 * args[1][0]).exp()))
        frames.append(args[0].shape[-1])

    handle = model.student.register_forward_pre_hook(watch)
    try:
        action()
    finally:
        handle.remove()
    return levels, frames
