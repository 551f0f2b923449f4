"""What is invented above a cut-off goes on from what lies below it."""

import numpy as np

BELOW, ABOVE = (0.73, 0.97), (1.05, 1.4)  # bands beside the cut-off, as shares of it
SECONDS = 0.1  # over which levels are compared
EXCESS_DB = 12.0  # by which the band above may be the louder one, as it seldom is in recordings


def continuing(
    kept: np.ndarray, invented: np.ndarray, cutoff: float, sample_rate: int, excess: float = EXCESS_DB
) -> np.ndarray:
    """Gain ``[..., length]`` in 0 to 1 for ``invented``, by which its power per Hz right above ``cutoff`` is at no time
    more than ``excess`` dB over that of ``kept`` right below it.

    A recording of little treble, and the pauses of any, would else be filled with noise that nothing in it asks for.
    Both sounds are ``[..., length]``, and circles. 1 everywhere where there is no band above.
    """
    if ABOVE[0] * cutoff >= sample_rate / 2:
        return np.ones_like(kept)
    below, above = (_density(*each, sample_rate, cutoff) for each in ((kept, BELOW), (invented, ABOVE)))
    allowed = below * 10 ** (excess / 10)
    gain = np.ones_like(kept)
    loud = above > allowed
    gain[loud] = np.sqrt(allowed[loud] / above[loud])
    return gain


def _density(x: np.ndarray, edges: tuple[float, float], sample_rate: int, cutoff: float) -> np.ndarray:
    """Power per Hz of a band ``[..., length]``, smoothed over ``SECONDS`` with a Hann window."""
    length = x.shape[-1]
    f = np.fft.rfftfreq(length, 1 / sample_rate)
    low, high = (min(share * cutoff, sample_rate / 2) for share in edges)
    band = 0.5 - 0.5 * np.cos(2 * np.pi * np.clip((f - low) / (high - low), 0, 1))  # sharper edges would ring for long
    power = np.fft.irfft(np.fft.rfft(x) * band, n=length) ** 2
    width = min(length, max(1, round(SECONDS * sample_rate)))
    window = np.zeros(length)
    window[:width] = np.hanning(width + 2)[1:-1]
    window = np.roll(window / window.sum(), -(width // 2))
    smooth = np.fft.irfft(np.fft.rfft(power) * np.fft.rfft(window), n=length)
    return np.maximum(smooth, 0.0) / (high - low)
