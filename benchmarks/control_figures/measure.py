"""Measures that several experiments share."""

import numpy as np
from scipy.signal import firwin, kaiserord, oaconvolve
from scipy.stats import bootstrap

from soundctm.metrics.lsd import log_spectral_distance

STOP_DB, TRANSITION_HZ = 100.0, 100.0


def low_pass(samples: np.ndarray, rate: int, cutoff: float) -> np.ndarray:
    """``samples [length]`` without what lies above ``cutoff`` Hz: a symmetric (zero-phase) FIR filter that is 6 dB down
    at the cut-off and 100 dB down from 50 Hz above it."""
    taps, beta = kaiserord(STOP_DB, TRANSITION_HZ / (rate / 2))
    kernel = firwin(taps | 1, cutoff, window=("kaiser", beta), fs=rate)
    return np.asarray(oaconvolve(samples.astype(np.float64), kernel, mode="same"), dtype=np.float32)


def difference_db(found: np.ndarray, wanted: np.ndarray) -> float | None:
    """Energy of the difference over that of ``wanted [...]`` in dB, complex or real; None where nothing differs."""
    error, whole = (float(np.sum(np.square(np.abs(x.astype(np.complex128))))) for x in (found - wanted, wanted))
    if error == 0:
        return None
    return 10 * float(np.log10(error / max(whole, np.finfo(np.float64).tiny)))


def difference_below(found: np.ndarray, wanted: np.ndarray, rate: int, cutoff: float) -> float | None:
    """:func:`difference_db` of two sounds ``[length]`` over the frequencies up to ``cutoff`` Hz."""
    below = np.fft.rfftfreq(len(wanted), 1 / rate) <= cutoff
    return difference_db(*(np.fft.rfft(x.astype(np.float64))[below] for x in (found, wanted)))


def largest(values: list[float | None]) -> float | None:
    """The largest of some levels, of which None is the least."""
    given = [value for value in values if value is not None]
    return max(given) if given else None


def relative(found: np.ndarray, wanted: np.ndarray) -> float:
    """Root mean square of the difference over that of ``wanted``."""
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def lsd(found: np.ndarray, wanted: np.ndarray) -> float:
    """Log-spectral distance in dB of two mono sounds ``[length]``."""
    return log_spectral_distance(found, wanted)


def fall(before: list[bool], after: list[bool]) -> list[float]:
    """By how many points a share falls, and where 95 % of the falls lie when the pairs are drawn anew."""
    falls = 100 * (np.asarray(before, float) - np.asarray(after, float))
    if not falls.any():
        return [0.0, 0.0, 0.0]
    spread = bootstrap((falls,), np.mean, method="percentile", random_state=0).confidence_interval
    return [round(float(value), 2) for value in (falls.mean(), spread.low, spread.high)]


def mean(values: list[float]) -> float:
    """Rounded for a table."""
    return round(float(np.mean(values)), 4)


def median(values: list[float]) -> float:
    """Rounded for a table."""
    return round(float(np.median(values)), 4)
