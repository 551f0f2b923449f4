"""One sampler for every gamma (Algorithm 1): 0 is deterministic, 1 is that of consistency models."""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn

from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import as_batch
from soundctm.diffusion.schedule import sigma_grid
from soundctm.trajectory.jump import jump
from soundctm.trajectory.leap import leap_of, prepared

StepCallback = Callable[[int, int, Tensor], None]


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
    steps: int, gamma: float = 0.0, sigma_min: float = 0.002, sigma_max: float = 80.0, rho: float = 7.0
) -> list[Jump]:
    """The jumps of a trajectory: ``s = sqrt(1 - gamma^2) (t_next - smin) + smin``. Raises ValueError for steps or gamma
    out of range."""
    if steps < 1:
        raise ValueError(f"sample: steps is {steps}; at least 1 is needed")
    if not 0.0 <= gamma <= 1.0:
        raise ValueError(f"sample: gamma is {gamma}; it goes from 0 (deterministic) to 1 (consistency sampling)")
    sigmas = sigma_grid(steps, sigma_min, sigma_max, rho).tolist()
    kept = math.sqrt(1 - gamma**2)
    return [Jump(t, kept * (t_next - sigma_min) + sigma_min, t_next) for t, t_next in pairwise(sigmas)]


def course(
    z_T: Tensor,
    schedule: Sequence[Jump],
    noise: Sequence[Tensor] = (),
    clean: Callable[..., Tensor] | None = None,
    steer: Steer | None = None,
    callback: StepCallback | None = None,
) -> Course:
    """One trajectory that asks for its jumps: yields latents and the number of a jump, is sent where that jump lands,
    and returns the last latents. Who drives it may let many trajectories share a batch.

    ``noise`` as for :func:`sample`, and drawn on wherever a jump lands below ``t_next``; ``clean(z, t=)`` is what a
    landing offers to ``steer``.
    """
    z = z_T
    for i, (t, s, t_next) in enumerate(schedule):
        z_s = yield z, i
        if steer is not None and clean is not None:
            z_s = steer(Landing(z, t, z_s, s, i + 1, len(schedule), partial(clean, t=t)))
        z = z_s
        if noise and i < len(schedule) - 1:
            z = z + math.sqrt(t_next**2 - s**2) * noise[i]
        if callback is not None:
            callback(i + 1, len(schedule), z)
    return z


def sample(
    student: nn.Module,
    z_T: Tensor,
    conditioning: Conditioning,
    unconditional: Conditioning,
    *,
    steps: int,
    omega: float | Tensor,
    nu: float = 1.0,
    gamma: float = 0.0,
    noise: Sequence[Tensor] | None = None,
    callback: StepCallback | None = None,
    steer: Steer | None = None,
    sigma_min: float = 0.002,
    sigma_max: float = 80.0,
    rho: float = 7.0,
) -> Tensor:
    """Latents ``[B, C, T]`` from ``z_T [B, C, T]``, which is noise already scaled by ``sigma_max``.

    Each of ``steps`` jumps goes from ``t`` to ``s = sqrt(1 - gamma^2) (t_next - smin) + smin``, then fresh noise of
    standard deviation ``sqrt(t_next^2 - s^2)`` brings it up to ``t_next``; the last jump ends at ``sigma_min`` and adds
    none. ``noise`` holds the unit-variance tensors ``[B, C, T]`` for the ``steps - 1`` jumps that need one (none at
    gamma = 0). ``steer(landing)`` may replace where each jump has landed (Algorithm 3, line 8; see
    :mod:`soundctm.control`). ``callback(step, steps, z)`` sees each result, ``step`` from 1, and may raise to stop.
    Gradients flow through when the caller's mode records them. Raises ValueError for steps, gamma or noise that do not
    fit.
    """
    schedule = jumps(steps, gamma, sigma_min, sigma_max, rho)
    noise = needed_noise(noise or (), steps, gamma, z_T)
    conditioning = prepared(student, conditioning.expand(len(z_T)))
    omega = as_batch(omega, z_T)
    leap = leap_of(student, conditioning, unconditional.expand(len(z_T)), omega, nu, [(t, s) for t, s, _ in schedule])
    clean = partial(jump, student, s=sigma_min, omega=omega, conditioning=conditioning)
    trajectory = course(z_T, schedule, noise, clean, steer, callback)
    try:
        z, index = next(trajectory)
        while True:
            z, index = trajectory.send(leap(z, index))
    except StopIteration as end:
        return end.value


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
