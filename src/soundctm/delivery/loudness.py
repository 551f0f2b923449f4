"""Loudness and true peak of a clip (ITU-R BS.1770-4, EBU R 128, EBU Tech 3341 and 3342).

Samples are float ``[channels, length]``, one or two channels, full scale 1. Every channel counts alike, so that the
same sound in two channels measures 3.01 LU more than in one.

A clip shorter than one block of 400 ms has no loudness by the recommendation. Here it is measured as if it had been
repeated without end: the mean power of its K-weighted samples over whole repetitions, ungated. So a short sound
measures what its own level is while it sounds, whatever silence would follow it, and a clip of 399 ms measures like one
of 400.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf, pi, tan

import numpy as np
from scipy.signal import sosfilt, upfirdn

from soundctm.errors import UserError

OFFSET = -0.691  # dB; makes a 997 Hz sine at full scale measure -3.01 LUFS
BLOCK, SHORT_TERM, HOP = 0.4, 3.0, 0.1  # seconds: of momentary loudness and the gate, of short-term, between blocks
ABSOLUTE_GATE = -70.0  # LUFS
RELATIVE_GATE, RANGE_GATE = -10.0, -20.0  # LU, of loudness and of loudness range
RANGE_LOW, RANGE_HIGH = 10, 95  # percentiles
LOWEST_RATE = 4000  # Hz; below, the K-weighting has no room
OVERSAMPLED = 192_000  # Hz
MOST_PHASES = 1000
REACH = 16  # samples to either side of the interpolation filter
KAISER_BETA = 9.0
STRETCH = 1.0  # seconds that are oversampled at once


@dataclass(frozen=True)
class Loudness:
    """LUFS, LU and dBTP; -inf where there is only silence, None where the clip is too short for the measure.

    ``ungated`` says that the rule for clips under 400 ms gave ``integrated`` and ``momentary``. ``integrated`` is -inf
    as well where no block reaches -70 LUFS.
    """

    integrated: float
    momentary: float
    short_term: float | None
    range: float | None
    true_peak: float
    ungated: bool


def _sections(sample_rate: int) -> np.ndarray:
    """The K-weighting as two biquads ``[2, 6]``: the filters that BS.1770 gives for 48 kHz, by their analogue
    parameters, through the bilinear transform at any rate."""
    k, gain, q = tan(pi * 1681.974450955533 / sample_rate), 10 ** (3.999843853973347 / 20), 0.7071752369554196
    middle = gain**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [
        (gain + middle * k / q + k * k) / a0, 2 * (k * k - gain) / a0, (gain - middle * k / q + k * k) / a0,
        1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0,
    ]  # fmt: skip
    k, q = tan(pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    a0 = 1 + k / q + k * k
    return np.asarray([shelf, [1, -2, 1, 1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]])


def _weighted_power(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Power ``[length]`` after the K-weighting, summed over channels."""
    return np.asarray(np.square(sosfilt(_sections(sample_rate), samples.astype(np.float64), axis=1)).sum(axis=0))


def _blocks(power: np.ndarray, sample_rate: int, seconds: float) -> np.ndarray:
    """Mean power of every whole block of so many seconds, 100 ms apart."""
    size = round(seconds * sample_rate)
    count = int((len(power) - size) / (HOP * sample_rate)) + 1
    starts = np.rint(np.arange(count) * HOP * sample_rate).astype(int)
    starts = starts[starts + size <= len(power)]
    total = np.concatenate([[0.0], np.cumsum(power)])
    return np.maximum(total[starts + size] - total[starts], 0.0) / size


def _level(power: float) -> float:
    return OFFSET + 10 * float(np.log10(power)) if power > 0 else -inf


def _power(level: float) -> float:
    return float(10 ** ((level - OFFSET) / 10))


def _gated(blocks: np.ndarray) -> float:
    """Loudness of blocks of 400 ms through the absolute and the relative gate."""
    heard = blocks[blocks >= _power(ABSOLUTE_GATE)]
    if not len(heard):
        return -inf
    return _level(float(heard[heard >= heard.mean() * 10 ** (RELATIVE_GATE / 10)].mean()))


def _range(blocks: np.ndarray) -> float:
    """Loudness range (EBU Tech 3342) of blocks of 3 s, LU; 0 where all is below the gate."""
    heard = blocks[blocks >= _power(ABSOLUTE_GATE)]
    if not len(heard):
        return 0.0
    heard = heard[heard >= heard.mean() * 10 ** (RANGE_GATE / 10)]
    low, high = np.percentile(10 * np.log10(heard), (RANGE_LOW, RANGE_HIGH))
    return float(high - low)


def _check(samples: np.ndarray, sample_rate: int) -> None:
    if samples.ndim != 2 or not 1 <= samples.shape[0] <= 2 or not samples.shape[1]:
        raise UserError(f"loudness is measured of one or two channels with samples, not of {samples.shape}")
    if sample_rate < LOWEST_RATE:
        raise UserError(f"loudness is measured from {LOWEST_RATE} Hz on; the clip has {sample_rate} Hz: resample it")
    if not np.isfinite(samples).all():
        raise UserError("the clip has samples that are no numbers (NaN or infinite); mend the file first")


def measure(samples: np.ndarray, sample_rate: int) -> Loudness:
    """Loudness of float ``[1 or 2, length]``. Raises :class:`UserError` for other shapes, rates under 4 kHz, NaN."""
    _check(samples, sample_rate)
    peak = true_peak(samples, sample_rate)
    length = samples.shape[1]
    if length < round(BLOCK * sample_rate):
        times = ceil(BLOCK * sample_rate / length)
        power = _weighted_power(np.tile(samples, 2 * times), sample_rate)[times * length :]  # the filter has settled
        level = _level(float(power.mean()))
        return Loudness(level, level, None, None, peak, ungated=True)
    power = _weighted_power(samples, sample_rate)
    blocks = _blocks(power, sample_rate, BLOCK)
    long = _blocks(power, sample_rate, SHORT_TERM) if length >= round(SHORT_TERM * sample_rate) else None
    return Loudness(
        _gated(blocks), _level(float(blocks.max())), None if long is None else _level(float(long.max())),
        None if long is None else _range(long), peak, ungated=False,
    )  # fmt: skip


def amplified(samples: np.ndarray, gain: float) -> np.ndarray:
    """Float32 samples after a gain in dB."""
    return np.asarray((samples * 10 ** (gain / 20)).astype(np.float32))


def _interpolation(sample_rate: int) -> tuple[np.ndarray, int, int]:
    """A sinc of 32 samples under a Kaiser window, its centre a multiple of the second of the two factors that bring
    ``sample_rate`` to 192 kHz; to at least four times a rate above 48 kHz, or that has no small ratio to it."""
    ratio = Fraction(OVERSAMPLED, sample_rate)
    if ratio < 4 or ratio.numerator > MOST_PHASES:
        ratio = Fraction(max(4, ceil(ratio)))
    up, down = ratio.numerator, ratio.denominator
    t = np.arange(-REACH * up, REACH * up + 1) / up
    taps = np.sinc(t) * np.i0(KAISER_BETA * np.sqrt(1 - np.square(t / REACH))) / np.i0(KAISER_BETA)
    return np.concatenate([np.zeros(-REACH * up % down), taps]), up, down


def true_peak(samples: np.ndarray, sample_rate: int) -> float:
    """The highest magnitude between the samples ``[channels, length]``, dBTP: read at 192 kHz and more, -inf for
    silence."""
    taps, up, down = _interpolation(sample_rate)
    lead = -(-REACH // down) * down  # samples before a stretch, in whole periods of the phases
    size = ceil(STRETCH * sample_rate / down) * down
    padded = np.pad(samples.astype(np.float64), ((0, 0), (lead, REACH + 1)))
    delay = (len(taps) - 1 - REACH * up) // down
    first = delay + lead // down * up
    pieces = [(start, padded[:, start : start + lead + size + REACH + 1]) for start in range(0, samples.shape[1], size)]
    reached = np.asarray([np.abs(piece).max() for _, piece in pieces]) * _most(taps, up)
    highest = float(np.abs(samples).max(initial=0.0))
    for number in np.argsort(-reached, kind="stable"):
        if reached[number] <= highest:
            break
        start, piece = pieces[number]
        count = -(-min(size, samples.shape[1] - start) * up // down)
        fine = upfirdn(taps, piece, up, down, axis=1)[:, first : first + count]
        highest = max(highest, float(np.abs(fine).max(initial=0.0)))
    return 20 * float(np.log10(highest)) if highest > 0 else -inf


def _most(taps: np.ndarray, up: int) -> float:
    """How many times the highest sample a point between samples can be: stretches that cannot reach the highest point
    so far are passed over."""
    phases = np.pad(np.abs(taps), (0, -len(taps) % up)).reshape(-1, up)
    return float(phases.sum(axis=0).max())
