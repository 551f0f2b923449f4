"""Changing the sample rate."""

import numpy as np
import soxr


def resampled_length(length: int, from_rate: int, to_rate: int) -> int:
    """Samples that :func:`resample` makes of ``length``."""
    return round(length * to_rate / from_rate)


def resample(samples: np.ndarray, from_rate: int, to_rate: int) -> np.ndarray:
    """Float32 ``[channels, length]`` at ``to_rate`` Hz, band-limited, :func:`resampled_length` long."""
    if from_rate <= 0 or to_rate <= 0:
        raise ValueError(f"resample: rates are {from_rate} and {to_rate}; both must be above 0")
    if from_rate == to_rate:
        return samples
    out = soxr.resample(samples.T, from_rate, to_rate, quality="VHQ").T
    length = resampled_length(samples.shape[1], from_rate, to_rate)
    return np.ascontiguousarray(np.pad(out, ((0, 0), (0, max(0, length - out.shape[1]))))[:, :length], dtype=np.float32)
