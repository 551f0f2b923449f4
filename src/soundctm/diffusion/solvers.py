"""Solvers of the probability-flow ODE ``dz/dt = (z - D(z, t)) / t`` (Eq. 1)."""

from collections.abc import Callable

import torch
from torch import Tensor

from soundctm.diffusion.precond import as_batch, column

StepCallback = Callable[[int, int, Tensor], None]


def heun(
    denoiser: Callable[[Tensor, Tensor], Tensor], z: Tensor, sigmas: Tensor, callback: StepCallback | None = None
) -> Tensor:
    """Heun's second-order method (Karras et al. 2022, Algorithm 1) from ``sigmas[0]`` to ``sigmas[-1]``.

    ``sigmas [N + 1]`` falls and is the same for all items, or ``[N + 1, B]`` with a column per item. An item's step to
    exactly 0 is an Euler step: its end is ``D(z, t)``. ``callback(step, steps, z)`` sees each result, ``step`` from 1,
    and may raise to stop.
    """
    steps = len(sigmas) - 1
    if steps < 1:
        raise ValueError(f"heun: {len(sigmas)} noise levels; at least 2 are needed")
    for i in range(steps):
        t, s = as_batch(sigmas[i], z), as_batch(sigmas[i + 1], z)
        slope = (z - denoiser(z, t)) / column(t)
        euler = z + column(s - t) * slope
        inner = s > 0
        if bool(inner.any()):
            u = torch.where(inner, s, t)  # any valid level will do where the correction is not used
            corrected = 0.5 * (slope + (euler - denoiser(euler, u)) / column(u))
            z = torch.where(column(inner), z + column(s - t) * corrected, euler)
        else:
            z = euler
        if callback is not None:
            callback(i + 1, steps, z)
    return z
