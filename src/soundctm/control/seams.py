"""Loops: fading the end of a sound into its start, and measuring how much a seam stands out."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from soundctm.control.extrapolation import burg, prediction_error

WINDOW_SECONDS = 0.025  # on each side of a point
BANDS = 16
ORDER = 32
POINTS = 64  # interior points that a seam is compared with
REACH = 2  # samples on each side within which a step or click counts as at the point
FLOORS = np.array([1.0, 1.0, 1.0])  # jumps of level (dB), spectrum (dB) and waveform that are hardly audible
QUIET = 1e-4  # amplitude (-80 dB FS) below which nothing is heard
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Seam:
    """How much a sound jumps at one point.

    ``level_db``: difference of the levels on both sides in dB. ``spectrum_db``: root mean square difference over
    frequency bands in dB, levels made equal. ``waveform``: the step that linear prediction did not expect, in multiples
    of its ordinary error (a click or a cut in phase is large; below about 4 is ordinary). ``total``: how much the point
    stands out among points of the same sound, 1 being the ordinary.
    """

    level_db: float
    spectrum_db: float
    waveform: float
    total: float


def loop_crossfade(x: Tensor, length: int) -> Tensor:
    """A loop ``[B, 1, length]`` from ``x [B, 1, length + c]``, whose last ``c`` samples go on past the loop's end: they
    fade out over the first ``c`` while these fade in, so that sample ``length - 1`` flows into sample 0.

    The gains ``u`` and ``1 - u`` (``u`` a raised cosine) are divided by ``sqrt(u^2 + (1-u)^2 + 2 r u (1-u))``, with
    ``r`` the correlation of the two in 0..1: the power stays even on the way. At ``r = 1`` that is an equal-gain fade
    (a periodic sound passes unchanged), at ``r = 0`` an equal-power one.
    Raises ValueError unless ``0 <= c <= length``.
    """
    c = x.shape[-1] - length
    if x.ndim != 3 or not 0 <= c <= length:
        raise ValueError(f"loop_crossfade: x is {tuple(x.shape)}, length {length}; needs length to 2 length samples")
    if c == 0:
        return x.clone()
    head, tail = x[..., :c], x[..., length:]
    norms = head.norm(dim=-1, keepdim=True) * tail.norm(dim=-1, keepdim=True)
    r = ((head * tail).sum(-1, keepdim=True) / norms.clamp_min(torch.finfo(x.dtype).tiny)).clamp(0, 1)
    n = torch.arange(c, device=x.device, dtype=x.dtype)
    u = 0.5 - 0.5 * torch.cos(torch.pi * n / c)
    power = u**2 + (1 - u) ** 2 + 2 * r * u * (1 - u)
    return torch.cat([(u * head + (1 - u) * tail) / power.sqrt(), x[..., c:length]], dim=-1)


def seam_score(samples: np.ndarray, sample_rate: int, at: int = 0) -> Seam:
    """How ``samples [channels, length]``, taken as a circle, jump from sample ``at - 1`` to sample ``at``.

    Each of the three jumps is compared with what is typical, the median over 64 points spread over the rest of the
    sound at places fixed relative to ``at``: ``(jump + floor) / (typical + floor)``, with floors of 1 dB, 1 dB and 1.
    The largest of the three, divided by the median of the largest at those points, is the total. Deterministic;
    unchanged when samples and ``at`` are turned together. Raises ValueError for fewer than 256 samples.
    """
    if samples.ndim != 2 or samples.shape[1] < 256:
        raise ValueError(f"seam_score: samples are {samples.shape}; expected [channels, length] of at least 256")
    length = samples.shape[1]
    window = min(round(WINDOW_SECONDS * sample_rate), length // 4)
    spread = (np.arange(1, POINTS + 1) * GOLDEN) % 1
    offsets = np.append(0, window + np.round(spread * (length - 2 * window)).astype(int))
    rolled = np.roll(samples.astype(np.float64), -at, axis=1)
    jumps = np.stack([_jumps(rolled, int(offset), window, sample_rate) for offset in offsets])
    typical = np.median(jumps[1:], axis=0)
    totals = ((jumps + FLOORS) / (typical + FLOORS)).max(1)
    level, spectrum, waveform = jumps[0].tolist()
    return Seam(level, spectrum, waveform, float(totals[0] / np.median(totals[1:])))


def _jumps(samples: np.ndarray, at: int, window: int, sample_rate: int) -> tuple[float, float, float]:
    """Jumps of level, spectrum and waveform at one point of a circular sound ``[channels, length]``."""
    around = np.take(samples, np.arange(at - window, at + window), axis=1, mode="wrap")
    before, after = around[:, :window], around[:, window:]
    level = abs(_level(after) - _level(before))
    bands = _bands(after, sample_rate) - _bands(before, sample_rate)
    spectrum = np.sqrt(np.mean(np.square(bands - bands.mean(1, keepdims=True))))
    # A beginning surprises whoever listens forwards and an end whoever listens backwards; a click does both.
    waveform = max(min(_surprise(x[: window + REACH]), _surprise(x[: window - REACH - 1 : -1])) for x in around)
    return level, float(spectrum), waveform


def _level(x: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(x)) + QUIET**2))


def _bands(x: np.ndarray, sample_rate: int) -> np.ndarray:
    """Levels of bands from 100 Hz to Nyquist in dB, ``[channels, bands]``, down to 60 dB below the loudest."""
    n = x.shape[1]
    power = np.square(np.abs(np.fft.rfft(x * np.hanning(n + 1)[:-1]))) / n**2
    edges = np.unique(np.geomspace(max(1, 100 * n / sample_rate), power.shape[1], BANDS + 1).astype(int))
    bands = np.stack([power[:, a:b].sum(1) for a, b in pairwise(edges)], axis=1)
    return 10 * np.log10(bands + 1e-6 * bands.max(1, keepdims=True) + QUIET**2)


def _surprise(x: np.ndarray) -> float:
    """Largest error in predicting the last ``2 REACH`` samples from the others, in multiples of the error in those."""
    known = x[: -2 * REACH]
    error = np.abs(prediction_error(x, burg(known, min(ORDER, len(known) // 4))))
    ordinary = np.sqrt(np.mean(np.square(error[: -2 * REACH]))) + 1e-3 * np.sqrt(np.mean(np.square(known))) + QUIET
    return float(error[-2 * REACH :].max() / ordinary)
