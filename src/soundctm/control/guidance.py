"""Loss-based guidance (Algorithm 3): every jump is corrected by the gradient of a loss on its clean estimate."""

from collections.abc import Callable

import torch
from torch import Tensor

from soundctm.diffusion.precond import column
from soundctm.trajectory import Landing

LatentLoss = Callable[[Tensor], Tensor]  # clean latents [B, C, T] -> [B]


def rms(x: Tensor) -> Tensor:
    """Root mean square of each item: ``[B, C, T] -> [B]``."""
    return x.square().mean((1, 2)).sqrt()


class LossGuidance:
    """``z_s <- z_s - rho grad_z L(G(z, text, omega, t, sigma_min))``, for :func:`soundctm.trajectory.sample`.

    ``rho = strength rms(z_s - z) / rms(gradient)``: the correction is a fixed share of the jump that it corrects,
    whatever the noise level, the loss or the size of the model. ``loss`` maps clean latents to ``[B]``.
    """

    def __init__(self, loss: LatentLoss, strength: float) -> None:
        self.loss = loss
        self.strength = strength

    def __call__(self, landing: Landing) -> Tensor:
        with torch.enable_grad():
            z = landing.z.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self.loss(landing.clean(z)).sum(), z)
        rho = self.strength * rms(landing.z_s - landing.z) / rms(gradient).clamp_min(torch.finfo(z.dtype).tiny)
        return landing.z_s - column(rho) * gradient
