"""The short-time Fourier frame of :mod:`soundctm.autoencoder.spectral` in real matrix products.

Runtimes know no complex numbers, and their transforms are slower than two small products: a transform of ``a b`` points
is ``b`` transforms of ``a`` points, a turn of their results, and ``a`` transforms of ``b`` points (Cooley and Tukey
1965). The turn is part of the second product.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundctm.errors import UserError


def _factors(n: int) -> tuple[int, int]:
    """``(a, b)`` with ``a b = n`` for which both products are small."""
    a = min((d for d in range(1, n + 1) if n % d == 0), key=lambda d: abs(math.log(d / math.sqrt(n))))
    return a, n // a


class RealFourier(nn.Module):
    """Discrete Fourier transforms of real frames of ``n`` points, and back; ``bins = n // 2 + 1``.

    Point ``n1 b + n2`` and bin ``k1 + a k2``: in this order bins lie one after another without any sorting, and of
    ``k2`` only the first half is wanted.
    """

    first: Tensor
    second: Tensor
    second_back: Tensor

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n, self.bins = n, n // 2 + 1
        self.a, self.b = _factors(n)
        self.rows = self.b // 2 + 1
        a, b = self.a, self.b
        k1, k2 = torch.arange(a, dtype=torch.float64), torch.arange(self.rows, dtype=torch.float64)
        angle = 2 * math.pi / a * torch.outer(k1, k1)
        first = torch.stack([angle.cos(), -angle.sin()], dim=1).flatten(0, 1)  # [2 k1, n1]
        n2 = torch.arange(b, dtype=torch.float64)
        angle = 2 * math.pi * n2[:, None] * (k1[:, None, None] / n + k2 / b)  # [k1, n2, k2]
        cos, sin = angle.cos(), angle.sin()
        second = torch.stack([torch.stack([cos, -sin], 2), torch.stack([sin, cos], 2)], 1)  # [k1, 2, n2, 2, k2]
        back = (second * self._weights()).flatten(3, 4).flatten(1, 2).mT
        self.register_buffer("first", first.float(), persistent=False)
        self.register_buffer("second", second.flatten(3, 4).flatten(1, 2).float(), persistent=False)
        self.register_buffer("second_back", back.float().contiguous(), persistent=False)

    def _weights(self) -> Tensor:
        """What each bin counts on the way back, ``[k1, 1, 1, 1, k2]``: it stands for its mirror image too; the grid
        holds some bins beyond the last."""
        k = torch.arange(self.rows * self.a)
        weights = torch.where((k == 0) | (2 * k == self.n), 1.0, 2.0) / self.n
        weights[self.bins :] = 0.0
        return weights.reshape(self.rows, self.a).T[:, None, None, None].double()

    def forward(self, frames: Tensor) -> Tensor:
        """Real and imaginary parts ``[B, M, 2, bins]`` of ``frames [B, M, n]``."""
        batch, count, _ = frames.shape
        x = self.first @ frames.reshape(batch, count, self.a, self.b)  # [B, M, 2 k1, n2]
        x = x.unflatten(2, (self.a, 2)).permute(2, 0, 1, 3, 4).reshape(self.a, batch * count, 2 * self.b)
        x = (x @ self.second).reshape(self.a, batch, count, 2, self.rows).permute(1, 2, 3, 4, 0)
        return x.reshape(batch, count, 2, self.rows * self.a)[..., : self.bins]

    def inverse(self, spectrum: Tensor) -> Tensor:
        """Frames ``[B, M, n]`` of ``spectrum [B, M, 2, bins]``: the forward products turned round."""
        batch, count = spectrum.shape[:2]
        x = F.pad(spectrum, (0, self.rows * self.a - self.bins))
        x = x.reshape(batch, count, 2, self.rows, self.a).permute(4, 0, 1, 2, 3)
        x = x.reshape(self.a, batch * count, 2 * self.rows) @ self.second_back
        x = x.reshape(self.a, batch, count, 2, self.b).permute(1, 2, 0, 3, 4)
        x = self.first.mT @ x.reshape(batch, count, 2 * self.a, self.b)
        return x.reshape(batch, count, self.n)


class ShortTimeFourier(nn.Module):
    """:func:`soundctm.autoencoder.spectral.stft` and ``istft`` with real and imaginary parts apart.

    Raises :class:`UserError` where frames are no whole number of hops: these are neither cut nor laid over one another
    by shapes alone.
    """

    window: Tensor

    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        if n_fft % hop or (n_fft - hop) % 2:
            raise UserError(
                f"an autoencoder with n_fft {n_fft} and frame_hop {hop} cannot be exported; n_fft must be a multiple "
                "of frame_hop, and their difference even"
            )
        self.hop, self.overlap, self.pad = hop, n_fft // hop, (n_fft - hop) // 2
        self.fourier = RealFourier(n_fft)
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Spectrum ``[B, M, 2, bins]`` of ``x [B, M hop]``."""
        blocks = F.pad(x, (self.pad, self.pad)).unflatten(-1, (-1, self.hop))
        count = x.shape[-1] // self.hop
        frames = torch.cat([blocks[:, i : i + count] for i in range(self.overlap)], dim=-1)
        spectrum: Tensor = self.fourier(frames * self.window)
        return spectrum

    def inverse(self, spectrum: Tensor) -> Tensor:
        """Waveform ``[B, M hop]`` of a spectrum ``[B, M, 2, bins]``: least-squares overlap-add."""
        count = spectrum.shape[1]
        waveform = self._laid_over(self.fourier.inverse(spectrum) * self.window)
        envelope = self._laid_over((self.window * self.window).expand(1, count, -1))
        inside = slice(self.pad, self.pad + count * self.hop)
        return waveform[:, inside] / envelope[:, inside].clamp_min(1e-4)

    def _laid_over(self, frames: Tensor) -> Tensor:
        """Sum of ``frames [B, M, n_fft]`` at distances of a hop: ``[B, (M - 1) hop + n_fft]``."""
        parts = frames.unflatten(-1, (self.overlap, self.hop)).unbind(2)
        last = self.overlap - 1
        return torch.stack([F.pad(part, (0, 0, i, last - i)) for i, part in enumerate(parts)]).sum(0).flatten(1)
