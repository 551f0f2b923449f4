"""One sampler for every gamma (Algorithm 1): 0 is deterministic, 1 is that of consistency models."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import as_batch
from soundctm.diffusion.schedule import sigma_grid
from soundctm.trajectory.guidance import nu_jump
from soundctm.trajectory.jump import jump

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
    noise = () if noise is None else noise
    _check(steps, gamma, noise, z_T)
    sigmas = sigma_grid(steps, sigma_min, sigma_max, rho).tolist()
    conditioning, unconditional = conditioning.expand(len(z_T)), unconditional.expand(len(z_T))
    omega = as_batch(omega, z_T)
    z = z_T
    for i in range(steps):
        t, t_next = sigmas[i], sigmas[i + 1]
        s = math.sqrt(1 - gamma**2) * (t_next - sigma_min) + sigma_min
        z_s = nu_jump(student, z, t, s, omega, conditioning, unconditional, nu)
        if steer is not None:
            clean = partial(jump, student, t=t, s=sigma_min, omega=omega, conditioning=conditioning)
            z_s = steer(Landing(z, t, z_s, s, i + 1, steps, clean))
        z = z_s
        if gamma > 0 and i < steps - 1:
            z = z + math.sqrt(t_next**2 - s**2) * noise[i]
        if callback is not None:
            callback(i + 1, steps, z)
    return z


def _check(steps: int, gamma: float, noise: Sequence[Tensor], z_T: Tensor) -> None:
    if steps < 1:
        raise ValueError(f"sample: steps is {steps}; at least 1 is needed")
    if not 0.0 <= gamma <= 1.0:
        raise ValueError(f"sample: gamma is {gamma}; it goes from 0 (deterministic) to 1 (consistency sampling)")
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
