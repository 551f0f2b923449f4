"""Phases for a magnitude spectrogram: sinusoids that run on from frame to frame, and clicks inside a frame.

A phase is given at the centre of its frame. The discrete Fourier transform counts from the frame's start, which adds
``pi k`` at bin ``k``; inside the main lobe of a Hann window all bins of one sinusoid then share one phase.
"""

import math

import torch
from torch import Tensor


def _nearest_peak(log_magnitude: Tensor) -> Tensor:
    """Index ``[B, M, K]`` of the spectral peak nearest to each bin of ``log_magnitude [B, M, K]``."""
    bins = log_magnitude.shape[-1]
    left = torch.nn.functional.pad(log_magnitude, (1, 0), value=-math.inf)[..., :-1]
    right = torch.nn.functional.pad(log_magnitude, (0, 1), value=-math.inf)[..., 1:]
    peak = (log_magnitude >= left) & (log_magnitude > right)
    index = torch.arange(bins, device=log_magnitude.device)
    below = torch.where(peak, index, -bins).cummax(-1).values
    above = torch.where(peak, index, 3 * bins).flip(-1).cummin(-1).values.flip(-1)
    return torch.where(index - below <= above - index, below, above).clamp(0, bins - 1)


def _peak_frequency(log_magnitude: Tensor) -> Tensor:
    """Frequency in bins ``[B, M, K]`` of each bin as a peak: the vertex of a parabola through three bins."""
    a, b, c = log_magnitude[..., :-2], log_magnitude[..., 1:-1], log_magnitude[..., 2:]
    curvature = (a - 2 * b + c).clamp_max(-1e-4)
    offset = torch.nn.functional.pad((0.5 * (a - c) / curvature).clamp(-0.5, 0.5), (1, 1))
    return torch.arange(log_magnitude.shape[-1], device=log_magnitude.device) + offset


def sinusoid_phase(log_magnitude: Tensor, n_fft: int, hop: int, start: Tensor | None = None) -> Tensor:
    """Running phases ``[B, M, K]`` in radians at frame centres, from log magnitudes ``[B, M, K]``.

    Each bin follows its nearest peak ``p``: ``theta[m, k] = theta[m - 1, p(m, k)] + 2 pi hop f_p / n_fft`` (a phase
    vocoder with identity phase locking, Laroche and Dolson 1999). The recursion over frames is a composition of maps
    (gather, then add), which is associative, so it is computed by pointer doubling in ``log2 M`` rounds.
    ``start [B, K]`` is the phase before the first frame (default 0).
    """
    peak = _nearest_peak(log_magnitude)
    advance = (2 * math.pi * hop / n_fft) * _peak_frequency(log_magnitude).gather(-1, peak)
    advance = torch.remainder(advance, 2 * math.pi)
    distance, frames = 1, log_magnitude.shape[1]
    while distance < frames:
        later, earlier = peak[:, distance:], slice(None, -distance)
        tail = torch.remainder(advance[:, distance:] + advance[:, earlier].gather(-1, later), 2 * math.pi)
        peak = torch.cat([peak[:, :distance], peak[:, earlier].gather(-1, later)], dim=1)
        advance = torch.cat([advance[:, :distance], tail], dim=1)
        distance *= 2
    if start is not None:
        advance = advance + start[:, None].expand_as(advance).gather(-1, peak)
    return advance


def click_delay(power: Tensor, hop: int) -> Tensor:
    """Delay in samples ``[B, M]`` of the energy around each frame centre: the centroid over five frames of
    ``power [B, M]``. For a single click it points at the click from every frame that holds it."""
    weights = torch.nn.functional.pad(power, (2, 2)).unfold(-1, 5, 1)
    offsets = hop * torch.arange(-2.0, 3.0, device=power.device)
    return (weights * offsets).sum(-1) / weights.sum(-1).clamp_min(1e-12)
