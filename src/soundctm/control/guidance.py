"""Loss-based guidance (Algorithm 3): every jump is corrected by the gradient of a loss on its clean estimate."""

from collections.abc import Callable

import torch
from torch import Tensor

from soundctm.diffusion.precond import column
from soundctm.trajectory import Landing

FLAT = 1e-15  # a gradient of this size is none: its square, and what is divided by it, are numbers still
LatentLoss = Callable[[Tensor], Tensor]  # clean latents [B, C, T] -> [B]


def rms(x: Tensor) -> Tensor:
    """Root mean square of each item: ``[B, C, T] -> [B]``."""
    return x.square().mean((1, 2)).sqrt()


class LossGuidance:
    """``z_s <- z_s - rho grad_z L(G(z, text, omega, t, sigma_min))``, for :func:`soundctm.trajectory.sample`.

    ``rho = min(strength rms(z_s - z) / rms(grad), L / |grad|^2)``: the correction is a fixed share of the jump that it
    corrects, whatever the noise level, the loss or the size of the model, and never longer than the step that would
    bring the loss to 0 if it were linear (Polyak 1969), so that a sound that is on target already is left in peace.
    ``loss`` maps clean latents to ``[B]`` and is 0 at its best. The first ``spared`` jumps are left alone: a long one
    decides what the sound is, and correcting it would change that before it is heard.
    """

    def __init__(self, loss: LatentLoss, strength: float, spared: int = 0) -> None:
        self.loss = loss
        self.strength = strength
        self.spared = spared

    def __call__(self, landing: Landing) -> Tensor:
        if landing.step <= self.spared:
            return landing.z_s
        with torch.enable_grad():
            z = landing.z.detach().requires_grad_()
            loss = self.loss(landing.clean(z))
            (gradient,) = torch.autograd.grad(loss.sum(), z)
        size = rms(gradient).clamp_min(FLAT)
        share = self.strength * rms(landing.z_s - landing.z) / size
        enough = loss.detach() / (size.square() * gradient[0].numel())
        return landing.z_s - column(torch.minimum(share, enough)) * gradient
