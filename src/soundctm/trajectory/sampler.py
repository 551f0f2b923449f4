"""One sampler for every gamma (Algorithm 1): 0 is deterministic, 1 is that of consistency models."""

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import as_batch
from soundctm.trajectory.course import Steer, StepCallback, Trajectory, course, jumps, needed_noise
from soundctm.trajectory.jump import jump
from soundctm.trajectory.leap import leap_of, prepared


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
    sigma_first: float | None = None,
) -> Tensor:
    """Latents ``[B, C, T]`` from ``z_T [B, C, T]``, which is noise already scaled by ``sigma_max``.

    Each of ``steps`` jumps goes from ``t`` to ``s = sqrt(1 - gamma^2) (t_next - smin) + smin``, then fresh noise of
    standard deviation ``sqrt(t_next^2 - s^2)`` brings it up to ``t_next``; the last jump ends at ``sigma_min`` and adds
    none. ``noise`` holds the unit-variance tensors ``[B, C, T]`` for the ``steps - 1`` jumps that need one (none at
    gamma = 0). ``steer(landing)`` may replace where each jump has landed (Algorithm 3, line 8; see
    :mod:`soundctm.control`). ``sigma_first``: see :func:`soundctm.trajectory.course.jumps`.
    ``callback(step, steps, z)`` sees each result, ``step`` from 1, and may raise to stop. Gradients flow through when
    the caller's mode records them. Raises ValueError for steps, gamma or noise that do not fit.
    """
    return embark(
        student, z_T, conditioning, unconditional, steps=steps, omega=omega, nu=nu, gamma=gamma, noise=noise,
        callback=callback, steer=steer, sigma_min=sigma_min, sigma_max=sigma_max, rho=rho,
        sigma_first=sigma_first,
    ).run()  # fmt: skip


def embark(
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
    sigma_first: float | None = None,
) -> Trajectory:
    """The trajectory of :func:`sample` before its first jump; the same arguments."""
    schedule = jumps(steps, gamma, sigma_min, sigma_max, rho, sigma_first)
    noise = needed_noise(noise or (), steps, gamma, z_T)
    conditioning = prepared(student, conditioning.expand(len(z_T)))
    omega = as_batch(omega, z_T)
    leap = leap_of(student, conditioning, unconditional.expand(len(z_T)), omega, nu, [(t, s) for t, s, _ in schedule])
    clean = partial(jump, student, s=sigma_min, omega=omega, conditioning=conditioning)
    return Trajectory(course(z_T, schedule, clean, noise, steer, callback), leap)
