"""Embeddings of noise levels, guidance scale and position."""

import math

import torch
from torch import Tensor, nn

OMEGA_SCALE = 1000.0  # the guidance scale is embedded as a sinusoid of 1000 omega


class FourierFeatures(nn.Module):
    """Learned Fourier features ``[cos, sin](2 pi v w)`` of a number per item: ``[B] -> [B, features]``."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features // 2, 1))

    def forward(self, v: Tensor) -> Tensor:
        angle = 2 * math.pi * v[:, None] * self.weight[:, 0]  # no matrix product: autocast would round the angle
        return torch.cat([angle.cos(), angle.sin()], dim=-1)


def omega_embedding(omega: Tensor, width: int) -> Tensor:
    """Sinusoidal embedding ``[B, width]`` of the guidance scale ``omega [B]`` (Meng et al. 2023)."""
    half = width // 2
    rates = torch.exp(-math.log(10000.0) / (half - 1) * torch.arange(half, device=omega.device, dtype=torch.float32))
    angle = OMEGA_SCALE * omega.float()[:, None] * rates
    return torch.cat([angle.sin(), angle.cos()], dim=-1).to(omega.dtype)


Span = Tensor | None
WHOLE: Span = None


def place_features(length: int, features: int, device: torch.device, span: Span = WHOLE) -> Tensor:
    """Where each of ``length`` tokens lies in its clip, ``[length, features]``, or ``[B, length, features]``.

    ``[cos, sin](pi k p)`` for ``k = 1 .. features / 2``, with ``p`` in 0..1 the middle of the token as a share of the
    clip: the same for every length of clip. The tokens fill the clip evenly, or the part of it from ``span[:, 0]`` to
    ``span[:, 1]`` where a span ``[B, 2]`` is given.
    """
    p = (torch.arange(length, device=device, dtype=torch.float32) + 0.5) / length
    if span is not None:
        p = torch.lerp(span[:, :1], span[:, 1:], p)
    angle = math.pi * p[..., None] * torch.arange(1, features // 2 + 1, device=device)
    return torch.cat([angle.cos(), angle.sin()], dim=-1)


class RotaryEmbedding(nn.Module):
    """Rotates the first ``dims`` channels of each head by position (Su et al. 2021), in halves."""

    inv_freq: Tensor

    def __init__(self, dims: int) -> None:
        super().__init__()
        self.dims = dims
        self.register_buffer("inv_freq", torch.tensor([10000.0 ** (-i / dims) for i in range(0, dims, 2)]))

    def forward(self, length: int) -> tuple[Tensor, Tensor]:
        """``(cos, sin)``, each ``[length, dims]``."""
        angle = torch.arange(length, device=self.inv_freq.device, dtype=torch.float32)[:, None] * self.inv_freq.float()
        angle = torch.cat([angle, angle], dim=-1)
        return angle.cos(), angle.sin()


def rotate(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Apply a rotation to ``x [B, heads, N, channels]``; channels past the rotation's width pass through."""
    cos, sin = (r.to(x.dtype) for r in rotation)
    dims = cos.shape[-1]
    turned, kept = x[..., :dims], x[..., dims:]
    first, second = turned.chunk(2, dim=-1)
    turned = turned * cos + torch.cat([-second, first], dim=-1) * sin
    return torch.cat([turned, kept], dim=-1)
