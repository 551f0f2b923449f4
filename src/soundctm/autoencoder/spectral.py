"""The short-time Fourier frame of the fast autoencoder: analysis, synthesis and the bands between them.

Frames are Hann windowed, ``n_fft`` long, and sit at the centres of their hops, so that ``length = frames * hop``
exactly: a latent sequence has no half frame at its ends.
"""

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def stft(x: Tensor, n_fft: int, hop: int, window: Tensor) -> Tensor:
    """Complex spectrum ``[B, n_fft // 2 + 1, length / hop]`` of ``x [B, length]``; length a multiple of hop."""
    pad = (n_fft - hop) // 2
    frames = F.pad(x, (pad, pad)).unfold(-1, n_fft, hop)
    return torch.fft.rfft(frames * window, dim=-1).transpose(1, 2)


def istft(spectrum: Tensor, n_fft: int, hop: int, window: Tensor) -> Tensor:
    """Waveform ``[B, frames * hop]`` of a spectrum ``[B, n_fft // 2 + 1, frames]``: least-squares overlap-add."""
    batch, _, count = spectrum.shape
    frames = torch.fft.irfft(spectrum.transpose(1, 2), n=n_fft, dim=-1)
    parts = window.split(hop)  # each falls into a hop of its own: all frames are added at once, part by part
    out = frames.new_zeros(batch, count - 1 + len(parts), hop)
    for i, part in enumerate(parts):
        own = slice(i * hop, i * hop + len(part))
        out[:, i : i + count, : len(part)].addcmul_(frames[..., own], part)
    pad = (n_fft - hop) // 2
    inside = slice(pad, pad + count * hop)
    return out.flatten(1)[:, inside] / _envelope(window, count, hop)[inside].clamp_min(1e-4)


def _envelope(window: Tensor, frames: int, hop: int) -> Tensor:
    """Sum, at least ``(frames - 1) * hop + n_fft`` long, of the squares of ``frames`` windows at distances of ``hop``.

    Away from the ends every hop holds the same: all that there is comes from as few frames as a window has parts.
    """
    parts = F.pad(window.square(), (0, -len(window) % hop)).unflatten(0, (-1, hop))
    few = min(frames, len(parts))
    ends = F.pad(parts, (0, 0, few - 1, few - 1)).unfold(0, few, 1).sum(-1)  # [few - 1 + parts, hop]
    return torch.cat([ends[:few], ends[few - 1 : few].expand(frames - few, -1), ends[few:]]).flatten()


def band_edges(bins: int, bands: int) -> np.ndarray:
    """Edges ``[bands + 1]`` of bands over STFT bins: single bins at the bottom, then geometric up to the last bin.

    Each band holds at least one bin; the ratio of the geometric part is the one that makes exactly ``bands`` bands.
    """

    def edges(ratio: float) -> list[int]:
        out = [0]
        while out[-1] < bins:
            out.append(max(out[-1] + 1, round(out[-1] * ratio)))
        return out

    low, high = 1.0, 4.0
    for _ in range(60):
        ratio = 0.5 * (low + high)
        low, high = (ratio, high) if len(edges(ratio)) - 1 > bands else (low, ratio)
    out = edges(high)
    while len(out) - 1 < bands:  # the count steps by more than one near the end: split the widest bands
        widest = int(np.argmax(np.diff(out)))
        out.insert(widest + 1, (out[widest] + out[widest + 1]) // 2)
    out[-1] = bins
    return np.asarray(out)


def band_matrix(edges: np.ndarray) -> Tensor:
    """Averaging matrix ``[bands, bins]``: the mean power of each band's bins."""
    matrix = torch.zeros(len(edges) - 1, int(edges[-1]))
    for band, (a, b) in enumerate(pairwise(edges)):
        matrix[band, a:b] = 1.0 / (b - a)
    return matrix


def bin_interpolation(edges: np.ndarray) -> tuple[Tensor, Tensor]:
    """For each bin, the band below its centre ``[bins]`` and the share of the next band ``[bins]`` (linear)."""
    centres = 0.5 * (edges[:-1] + edges[1:] - 1)
    position = np.interp(np.arange(int(edges[-1])), centres, np.arange(len(centres)))
    lower = np.minimum(position.astype(np.int64), len(centres) - 2)
    return torch.from_numpy(lower), torch.from_numpy((position - lower).astype(np.float32))
