"""From a recording back to the noise that would have made it."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from soundctm.conditioning import Conditioning
from soundctm.diffusion.schedule import sigma_grid
from soundctm.diffusion.solvers import heun
from soundctm.trajectory import g
from soundctm.trajectory.leap import prepared


def student_denoiser(
    student: nn.Module, conditioning: Conditioning, omega: float
) -> Callable[[Tensor, Tensor], Tensor]:
    """``D(z, t) = g(z, t, t)``: a trained student denoises where its jump has no length (Eq. 8)."""

    def D(z: Tensor, t: Tensor) -> Tensor:
        return g(student, z, t, t, omega, conditioning)

    return D


@torch.no_grad()
def invert(
    student: nn.Module,
    z_0: Tensor,
    conditioning: Conditioning,
    *,
    steps: int,
    omega: float,
    sigma_min: float = 0.002,
    sigma_max: float = 80.0,
    rho: float = 7.0,
    callback: Callable[[int, int, Tensor], None] | None = None,
) -> Tensor:
    """``z_T [B, C, T]`` at ``sigma_max`` whose trajectory ends at the latents ``z_0 [B, C, T]``.

    The probability-flow ODE of the student's denoiser, solved upwards with Heun's method: deterministic, and two
    evaluations a step.
    """
    sigmas = sigma_grid(steps, sigma_min, sigma_max, rho).flip(0)
    text = prepared(student, conditioning.expand(len(z_0)))
    return heun(student_denoiser(student, text, omega), z_0, sigmas, callback)
