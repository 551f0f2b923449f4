"""Classifier-free guidance on the denoiser (Ho and Salimans 2022)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import as_batch, column, denoise

Denoiser = Callable[[Tensor, Tensor], Tensor]


def guided_denoiser(
    backbone: nn.Module, conditioning: Conditioning, unconditional: Conditioning, omega: float | Tensor
) -> Denoiser:
    """``D(z, t) = D_u + omega (D_c - D_u)``, both halves in one doubled batch; ``omega`` a number or ``[B]``.

    Conditionings of one item serve every item of ``z``.
    """

    def D(z: Tensor, t: Tensor) -> Tensor:
        t = as_batch(t, z)
        both = Conditioning.cat([conditioning.expand(len(z)), unconditional.expand(len(z))])
        D_c, D_u = denoise(backbone, torch.cat([z, z]), torch.cat([t, t]), both).chunk(2)
        return D_u + column(as_batch(omega, z)) * (D_c - D_u)

    return D
