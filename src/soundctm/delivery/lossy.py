"""Ogg Vorbis is lossy: what is said of such a file is measured of the sound that it decodes to, and levels that were
asked for hold for that sound."""

import io
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
import soundfile

from soundctm.delivery.containers import encoded
from soundctm.delivery.loudness import Loudness, amplified, measure

HEARD = 0.1  # LU beside the loudness that was asked for; meters of two makers differ by as much
CORRECTIONS = 8  # of what the codec does to the loudness; ordinary sounds need one
MARGIN = 0.01  # dB below the ceiling that the second attempt aims at; twice as much at each further one


@dataclass(frozen=True)
class Coded:
    """A stream of Ogg Vorbis, the samples ``[channels, length]`` that went into it, the gain (dB) that made them, and
    the loudness of what it decodes to; ``lowered`` says whether the ceiling took some of the gain."""

    stream: bytes
    samples: np.ndarray
    gain: float
    loudness: Loudness
    lowered: bool = False


def coded(
    samples: np.ndarray, sample_rate: int, gain: float, loudness: float | None = None, ceiling: float | None = None
) -> Coded:
    """Samples with a gain as Ogg Vorbis. The codec moves loudness and peaks: the gain is corrected by what is missed of
    a loudness (LUFS) that is asked for, once and while too much is; where the true peak still comes out above the
    ceiling (dBTP), it is lowered by the excess and a growing margin, until it does not."""
    found, margin = _attempt(samples, sample_rate, gain), MARGIN
    for number in range(CORRECTIONS):
        heard = found.loudness.integrated
        if loudness is None or not isfinite(heard) or (number and abs(heard - loudness) <= HEARD):
            break
        found = _attempt(samples, sample_rate, found.gain + loudness - heard)
    while ceiling is not None and (excess := found.loudness.true_peak - ceiling) > 0:
        found = replace(_attempt(samples, sample_rate, found.gain - excess - margin), lowered=True)
        margin *= 2
    return found


def _attempt(samples: np.ndarray, sample_rate: int, gain: float) -> Coded:
    louder = amplified(samples, gain)
    stream = encoded(louder.clip(-1, 1).T, sample_rate, "OGG", "VORBIS")
    heard, _ = soundfile.read(io.BytesIO(stream), dtype="float32", always_2d=True)
    return Coded(stream, louder, gain, measure(heard.T, sample_rate))
