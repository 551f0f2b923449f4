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
    frames = torch.fft.irfft(spectrum.transpose(1, 2), n=n_fft, dim=-1) * window
    pad = (n_fft - hop) // 2
    waveform = _overlap_add(frames, hop)
    envelope = _overlap_add((window * window).expand(1, frames.shape[1], n_fft), hop)
    length = frames.shape[1] * hop
    return waveform[:, pad : pad + length] / envelope[:, pad : pad + length].clamp_min(1e-4)


def _overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Sum ``frames [B, M, n]`` at distances of ``hop``: ``[B, (M - 1) * hop + n]``."""
    count, n = frames.shape[1], frames.shape[2]
    out = F.fold(frames.transpose(1, 2), (1, (count - 1) * hop + n), (1, n), stride=(1, hop))
    return out[:, 0, 0]


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
