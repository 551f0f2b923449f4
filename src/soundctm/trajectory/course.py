"""The course of one trajectory: where each jump goes, and what happens where it has landed."""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from soundctm.diffusion.schedule import sigma_grid
from soundctm.trajectory.leap import Leap

StepCallback = Callable[[int, int, Tensor], None]
ON_GRID = 0.2  # gamma from which a trajectory has the plain grid


@dataclass(frozen=True)
class Landing:
    """A jump of the sampler that has landed, before fresh noise: from ``z`` at level ``t`` to ``z_s`` at ``s``.

    ``step`` counts from 1 to ``steps``. ``clean(z)`` is the estimate ``G(z, text, omega, t, sigma_min)`` of the end of
    the trajectory from any ``z`` at level ``t``; gradients flow through it.
    """

    z: Tensor
    t: float
    z_s: Tensor
    s: float
    step: int
    steps: int
    clean: Callable[[Tensor], Tensor]


Steer = Callable[[Landing], Tensor]
Course = Generator[tuple[Tensor, int], Tensor, Tensor]


class Jump(NamedTuple):
    """From level ``t`` to ``s``; fresh noise then brings the latents up to ``t_next``."""

    t: float
    s: float
    t_next: float


def jumps(
    steps: int, gamma: float = 0.0, sigma_min: float = 0.002, sigma_max: float = 80.0, rho: float = 7.0,
    sigma_first: float | None = None,
) -> list[Jump]:  # fmt: skip
    """The jumps of a trajectory: ``s = sqrt(1 - gamma^2) (t_next - smin) + smin``. ``sigma_first`` is where the first
    of several deterministic jumps lands. Noise on the way is to change what that jump decides, and for this takes steps
    at high levels: as gamma rises to ``ON_GRID``, every level goes over, in its logarithm, to that of the plain grid,
    so that a little noise changes a little. Raises ValueError for steps or gamma out of range."""
    if steps < 1:
        raise ValueError(f"sample: steps is {steps}; at least 1 is needed")
    if not 0.0 <= gamma <= 1.0:
        raise ValueError(f"sample: gamma is {gamma}; it goes from 0 (deterministic) to 1 (consistency sampling)")
    sigmas = sigma_grid(steps, sigma_min, sigma_max, rho)
    if sigma_first is not None and gamma < ON_GRID:
        early = sigma_grid(steps, sigma_min, sigma_max, rho, sigma_first)
        between = early[1:-1].log().lerp(sigmas[1:-1].log(), gamma / ON_GRID).exp() if gamma else early[1:-1]
        sigmas = torch.cat([sigmas[:1], between, sigmas[-1:]])
    kept = math.sqrt(1 - gamma**2)
    return [Jump(t, kept * (t_next - sigma_min) + sigma_min, t_next) for t, t_next in pairwise(sigmas.tolist())]


def course(
    z_T: Tensor,
    schedule: Sequence[Jump],
    clean: Callable[..., Tensor],
    noise: Sequence[Tensor] = (),
    steer: Steer | None = None,
    callback: StepCallback | None = None,
) -> Course:
    """One trajectory that asks for its jumps: yields latents and the number of a jump, is sent where that jump lands,
    and returns the last latents. Who drives it may let many trajectories share a batch.

    ``clean(z, t=)`` is what a landing offers to ``steer``; ``noise`` as for :func:`sample`, and
    drawn on wherever a jump lands below ``t_next``.
    """
    z = z_T
    for i, (t, s, t_next) in enumerate(schedule):
        z_s = yield z, i
        if steer is not None:
            z_s = steer(Landing(z, t, z_s, s, i + 1, len(schedule), partial(clean, t=t)))
        z = z_s
        if noise and i < len(schedule) - 1:
            z = z + math.sqrt(t_next**2 - s**2) * noise[i]
        if callback is not None:
            callback(i + 1, len(schedule), z)
    return z


class Trajectory:
    """A course with the jumps that it asks for. ``asked`` is what it waits for, latents and the number of a jump, until
    ``result`` is there. :meth:`run` takes all the steps; who wants to share a batch takes them one by one, with
    :meth:`land`."""

    def __init__(self, course: Course, leap: Leap) -> None:
        self.leap = leap
        self.result: Tensor | None = None
        self._course = course
        self.asked: tuple[Tensor, int] | None = next(course)

    def land(self, z_s: Tensor) -> None:
        """The jump that was asked for has landed at ``z_s``."""
        try:
            self.asked = self._course.send(z_s)
        except StopIteration as end:
            self.asked, self.result = None, end.value

    def run(self) -> Tensor:
        """The last latents."""
        while self.asked is not None:
            self.land(self.leap(*self.asked))
        if self.result is None:
            raise ValueError("a course ends with latents")
        return self.result


def needed_noise(noise: Sequence[Tensor], steps: int, gamma: float, z_T: Tensor) -> Sequence[Tensor]:
    """The noise that a trajectory draws on: a tensor for each jump but the last, none at gamma = 0. Raises ValueError
    where some is missing or of another shape than ``z_T``."""
    needed = steps - 1 if gamma > 0 else 0
    if len(noise) < needed:
        raise ValueError(
            f"sample: {len(noise)} noise tensors given, {needed} needed for {steps} steps at gamma {gamma}"
        )
    for i, eps in enumerate(noise[:needed]):
        if eps.shape != z_T.shape:
            raise ValueError(
                f"sample: noise {i} is {tuple(eps.shape)}; it must have the shape {tuple(z_T.shape)} of z_T"
            )
    return noise[:needed]
