"""What a sound does over time, as differentiable functions of its samples: one curve for every feature of a Target.

A curve has a value every 10 ms, at :func:`soundctm.control.frames.curve_times`. All are differentiable wherever the
sound is finite, digital silence included, and the items of a batch never touch each other.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from soundctm.audio.target import Feature
from soundctm.control import pitch as f0
from soundctm.control.frames import (
    FLOOR,
    FRAME_SECONDS,
    LONG_FRAME_SECONDS,
    bin_frequencies,
    curve_times,
    frames,
    power_spectrum,
)
from soundctm.control.savgol import savgol

__all__ = ["CURVES", "FLOOR_DB", "Curve", "curve_times", "level"]

FLOOR_DB = 10 * math.log10(FLOOR)
SMOOTHING_FRAMES = 101  # 1 s from the first centre to the last
# The lowest order that is more than a moving average inside the clip (orders 0 and 1 are one): the top of a swell and
# the bottom of a dip keep their level.
SMOOTHING_ORDER = 2
SILENT_BRIGHTNESS = 1000.0  # Hz
ONSET_BAND = 0.7  # octaves, from 100 Hz up
ONSET_LAG = 3  # frames over which energy rises
ONSET_RANGE = 1e-3  # of the typical energy of the sound: what is 30 dB below it counts as silence
ONSET_RISE = 1.0  # nepers of power (4.3 dB) that read 0.5


def decibels(mean_square: Tensor) -> Tensor:
    """``10 log10`` of a mean square, smooth down to the floor of -80 dB, which digital silence reads."""
    return 10 * torch.log10(mean_square + FLOOR)


def level(x: Tensor, rate: int) -> Tensor:
    """RMS level of each frame of 40 ms in dB full scale, ``[B, frames]``."""
    return decibels(frames(x, rate, FRAME_SECONDS).square().mean(-1))


def intensity(x: Tensor, rate: int) -> Tensor:
    """:func:`level` smoothed over 1 s: ``w * 20 log10 RMS`` of Appendix D.3, dB full scale, ``[B, frames]``."""
    return savgol(level(x, rate), SMOOTHING_FRAMES, SMOOTHING_ORDER)


def brightness(x: Tensor, rate: int) -> Tensor:
    """Spectral centroid in Hz, ``[B, frames]``, weighted by power; digital silence reads 1 kHz."""
    power = power_spectrum(x, rate, LONG_FRAME_SECONDS)
    moment = power @ bin_frequencies(power.shape[-1], power, rate)
    return (moment + FLOOR * SILENT_BRIGHTNESS) / (power.sum(-1) + FLOOR)


def band(x: Tensor, rate: int, low: float, high: float) -> Tensor:
    """RMS level in dB full scale of what lies between ``low`` and ``high`` Hz, ``[B, frames]``.

    A bin of 10 Hz counts by the part of it that lies inside, so that bands side by side add up to the whole; a sine
    reads its own RMS level from 20 Hz inside the edges on.
    """
    power = power_spectrum(x, rate, LONG_FRAME_SECONDS)
    return decibels(power @ _inside(bin_frequencies(power.shape[-1], power, rate), low, high))


def _inside(f: Tensor, low: float, high: float) -> Tensor:
    """Part of each bin ``[bins]`` that lies between ``low`` and ``high`` Hz; the outer two are half as wide."""
    half = float(f[1] - f[0]) / 2
    start, end = (f - half).clamp(min=0), (f + half).clamp(max=float(f[-1]))
    return (end.clamp(max=high) - start.clamp(min=low)).clamp(min=0) / (end - start)


def onsets(x: Tensor, rate: int) -> Tensor:
    """Where events begin, ``[B, frames]`` in 0 to 1: a peak some 50 ms wide, centred on the first sound of each.

    The rise of log energy over 30 ms, rectified, averaged over bands with the weight of their amplitude's square root,
    smoothed by (1/4, 1/2, 1/4) and squashed by ``r^2 / (r^2 + 1)``. Steady noise reads about 0.05, seldom 0.2, a
    clear attack above 0.9. Nothing begins in the first 20 ms: whether a sound there began before cannot be known.
    """
    power = power_spectrum(x, rate, FRAME_SECONDS)
    matrix = torch.from_numpy(_onset_bands(power.shape[-1], rate)).to(power)
    energy = power @ matrix
    total = energy.sum(-1)
    # The energy-weighted mean of energy: a smooth stand-in for the loudest that one click among silence still sets.
    typical = (total.square().sum(-1) + FLOOR**2) / (total.sum(-1) + FLOOR)
    energy = energy + ((ONSET_RANGE * typical + FLOOR) / matrix.shape[1])[:, None, None]
    rise = (energy[:, ONSET_LAG:] / energy[:, :-ONSET_LAG]).log().relu()
    weight = energy[:, ONSET_LAG:] ** 0.25
    rise = (rise * weight).sum(-1) / weight.sum(-1)
    rise = torch.nn.functional.pad(rise, (ONSET_LAG + 1, 1))
    rise = 0.25 * rise[:, :-2] + 0.5 * rise[:, 1:-1] + 0.25 * rise[:, 2:]
    return rise.square() / (rise.square() + ONSET_RISE**2)


@lru_cache(maxsize=8)
def _onset_bands(bins: int, rate: int) -> np.ndarray:
    """Bands ``[bins, bands]``: below 100 Hz, then 0.7 octaves wide each up to Nyquist."""
    edges = [20.0, *100 * 2 ** np.arange(0, math.log2(rate / 200), ONSET_BAND), rate / 2]
    f = torch.linspace(0, rate / 2, bins, dtype=torch.float64)
    return torch.stack([_inside(f, low, high) for low, high in pairwise(edges)], dim=1).numpy()


@dataclass(frozen=True)
class Curve:
    """A feature of a sound over time.

    ``unit`` of its values, which lie in ``lowest`` to ``highest`` (Hz end at Nyquist as well); ``scale``, the
    difference that a loss counts as one, in the space of :meth:`compare`; ``octaves``, whether that space is ``log2``
    of the value; ``banded``, whether the feature needs ``low`` and ``high``.
    """

    unit: str
    lowest: float
    highest: float
    scale: float
    measure: Callable[..., Tensor]
    octaves: bool = False
    banded: bool = False

    def __call__(self, x: Tensor, rate: int, low: float | None = None, high: float | None = None) -> Tensor:
        """Values ``[B, length // hop + 1]`` of ``x [B, 1, length]`` at ``rate`` Hz, in the unit of a Target.

        Raises ValueError for a sound shorter than a frame (0.04 s, 0.1 s where frequencies are told apart), and for
        ``low`` and ``high`` (Hz) that are missing or not asked for.
        """
        if not self.banded and low is None and high is None:
            return self.measure(x, rate)
        if not self.banded or low is None or high is None:
            raise ValueError(f"Curve: low is {low} and high is {high}; a band needs both, every other feature neither")
        return self.measure(x, rate, low, high)

    def compare(self, value: Tensor) -> Tensor:
        """Values as a loss sees them: octaves above 1 Hz for Hz (below 1 Hz reads 0), unchanged otherwise."""
        return torch.log2(value.clamp(min=1.0)) if self.octaves else value


CURVES: dict[Feature, Curve] = {
    "intensity": Curve("dB", FLOOR_DB, 0.0, 3.0, intensity),
    "brightness": Curve("Hz", 20.0, math.inf, 1 / 3, brightness, octaves=True),
    "band": Curve("dB", FLOOR_DB, 0.0, 3.0, band, banded=True),
    "onsets": Curve("", 0.0, 1.0, 0.1, onsets),
    "pitch": Curve("Hz", f0.LOWEST, f0.HIGHEST, 1 / 12, f0.pitch, octaves=True),
}
