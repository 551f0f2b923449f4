"""EDM preconditioning (Karras et al. 2022, Table 1): from the raw network ``F`` to the denoiser ``D``."""

import torch
from torch import Tensor, nn

from soundctm.conditioning import Conditioning

SIGMA_DATA = 0.5


def c_skip(t: Tensor, sigma_data: float = SIGMA_DATA) -> Tensor:
    """``sd^2 / (t^2 + sd^2)``: how much of the noisy input passes through."""
    return sigma_data**2 / (t**2 + sigma_data**2)


def c_out(t: Tensor, sigma_data: float = SIGMA_DATA) -> Tensor:
    """``t sd / sqrt(t^2 + sd^2)``: scale of the network's output."""
    return t * sigma_data / (t**2 + sigma_data**2).sqrt()


def c_in(t: Tensor, sigma_data: float = SIGMA_DATA) -> Tensor:
    """``1 / sqrt(t^2 + sd^2)``: brings the input to unit variance."""
    return 1.0 / (t**2 + sigma_data**2).sqrt()


def c_noise(t: Tensor) -> Tensor:
    """``ln(t) / 4``: the noise level as the network sees it."""
    return t.log() / 4


def as_batch(value: float | Tensor, z: Tensor) -> Tensor:
    """A number, a scalar tensor or ``[B]`` as ``[B]`` on the device and in the dtype of ``z``."""
    tensor = torch.as_tensor(value, dtype=z.dtype, device=z.device)
    if tensor.ndim == 0:
        return tensor.expand(len(z))
    if tensor.shape != (len(z),):
        raise ValueError(f"expected a number or one value for each of {len(z)} items, got shape {tuple(tensor.shape)}")
    return tensor


def column(t: Tensor) -> Tensor:
    """``[B] -> [B, 1, 1]``, to multiply latents."""
    return t[:, None, None]


def precondition(F: Tensor, z: Tensor, t: Tensor) -> Tensor:
    """``c_skip(t) z + c_out(t) F`` from the raw network output ``F`` and its unscaled input ``z``; ``t [B]``."""
    return column(c_skip(t)) * z + column(c_out(t)) * F


def denoise(backbone: nn.Module, z: Tensor, t: float | Tensor, conditioning: Conditioning) -> Tensor:
    """The denoiser ``D(z, t) = c_skip z + c_out F(c_in z, ln(t)/4)`` of a teacher.

    ``z [B, C, T]`` normalised latents at noise level ``t`` (number, scalar or ``[B]``, > 0); returns ``[B, C, T]``.
    """
    t = as_batch(t, z)
    return precondition(backbone(column(c_in(t)) * z, c_noise(t), conditioning), z, t)
