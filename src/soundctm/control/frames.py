"""Frames of a waveform, every 10 ms: the time axis that all curves share."""

import numpy as np
import torch
from torch import Tensor

HOP_SECONDS = 0.01
FRAME_SECONDS = 0.04  # levels and onsets: short enough to place an event
LONG_FRAME_SECONDS = 0.1  # brightness, bands and pitch: bins of 10 Hz, energy weighted over some 50 ms by the window
FLOOR = 1e-8  # mean square of what counts as silence, -80 dB full scale


def hop_length(rate: int) -> int:
    """Samples from one frame to the next at ``rate`` Hz."""
    return round(rate * HOP_SECONDS)


def curve_times(length: int, rate: int) -> np.ndarray:
    """Centres of the frames in seconds ``[length // hop + 1]``: frame ``m`` is centred on sample ``m * hop``."""
    hop = hop_length(rate)
    return np.arange(length // hop + 1) * hop / rate


def frames(x: Tensor, rate: int, seconds: float) -> Tensor:
    """Frames ``[B, length // hop + 1, n]`` of ``x [B, 1, length]``, ``n`` the even number of samples near ``seconds``.

    A frame that would reach past an end is the nearest that does not: zeros or a mirror image there would read as a
    fall in level or as a click. Raises ValueError unless ``x`` is mono and holds a whole frame.
    """
    half, hop = round(rate * seconds / 2), hop_length(rate)
    if x.ndim != 3 or x.shape[1] != 1 or x.shape[2] < 2 * half:
        raise ValueError(f"frames: x is {tuple(x.shape)}; expected [B, 1, length] with a length from {2 * half} up")
    before = -(-half // hop)  # frames that reach past the start
    first = min(before * hop - half, x.shape[2] - 2 * half)  # a sound of hardly more than a frame: its last whole one
    whole = x[:, 0, first:].unfold(-1, 2 * half, hop)
    before = min(before, x.shape[2] // hop + 1 - whole.shape[1])
    after = x.shape[2] // hop + 1 - before - whole.shape[1]
    return torch.cat([whole[:, :1].expand(-1, before, -1), whole, whole[:, -1:].expand(-1, after, -1)], dim=1)


def power_spectrum(x: Tensor, rate: int, seconds: float) -> Tensor:
    """Share of each frequency in the mean square of each frame, ``[B, frames, n // 2 + 1]`` from 0 Hz to Nyquist.

    Frames are Hann windowed. Over frequencies it sums to the window-weighted mean square (Parseval), so that a sine of
    amplitude ``A`` leaves ``A^2 / 2`` within two bins of its frequency.
    """
    framed = frames(x, rate, seconds)
    n = framed.shape[-1]
    window = torch.hann_window(n, dtype=x.dtype, device=x.device)
    spectrum = torch.fft.rfft(framed * window)
    power = spectrum.real.square() + spectrum.imag.square()
    sides = torch.full((n // 2 + 1,), 2.0, dtype=x.dtype, device=x.device)  # a bin stands for its mirror as well
    sides[0] = sides[-1] = 1.0
    return power * (sides / (n * window.square().sum()))


def bin_frequencies(bins: int, like: Tensor, rate: int) -> Tensor:
    """Frequencies ``[bins]`` in Hz of a :func:`power_spectrum`, with the device and dtype of ``like``."""
    return torch.linspace(0, rate / 2, bins, dtype=like.dtype, device=like.device)
