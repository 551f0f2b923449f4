"""Distances that rounding leaves small."""

import math
from itertools import pairwise

import torch
from torch import Tensor

FRAME_SECONDS = 0.09  # a frame of the spectrum lasts about so long
LOWEST = 8  # bins: the octaves begin above
FLOOR_DB = -60.0  # below the loudest octave of the sound: nobody hears what is there, and its level is rounding


def relative(got: Tensor, wanted: Tensor) -> float | None:
    """Root mean square of the difference over that of ``wanted``, in float64; None where it is no number."""
    got, wanted = got.detach().cpu().double(), wanted.detach().cpu().double()
    return _number(float((got - wanted).norm() / wanted.norm().clamp_min(1e-12)))


def octave_levels(x: Tensor, sample_rate: int) -> Tensor:
    """Levels in dB of octaves ``[frames, octaves]`` of a sound ``[length]``, whatever its phases are.

    Frames last about 0.09 s. Within an octave of a frame lie many bins, so that what is louder where two partials meet
    in phase is softer elsewhere. Levels stop 60 dB below the loudest.
    """
    n = 2 ** round(math.log2(FRAME_SECONDS * sample_rate))
    x = x.detach().cpu().double()
    x = torch.nn.functional.pad(x, (0, max(0, n - len(x))))
    window = torch.hann_window(n, dtype=torch.float64)
    power = torch.fft.rfft(x.unfold(0, n, n // 2) * window).abs().square()
    octaves = math.floor(math.log2(n / 2 / LOWEST))
    edges = [0, *(LOWEST * 2**k for k in range(octaves)), n // 2 + 1]
    level = torch.stack([power[:, a:b].sum(1) for a, b in pairwise(edges)], dim=1)
    level = 10 * level.clamp_min(1e-30).log10()
    return level.clamp_min(float(level.max()) + FLOOR_DB)


def decibels(got: Tensor, wanted: Tensor, sample_rate: int) -> float | None:
    """Root mean square difference of octave levels in dB of two sounds ``[length]``; None where it is no number."""
    difference = octave_levels(got, sample_rate) - octave_levels(wanted, sample_rate)
    return _number(float(difference.square().mean().sqrt()))


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
