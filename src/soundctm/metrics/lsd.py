"""Log-spectral distance in dB (Wang and Wang 2021; Liu et al. 2024), for bandwidth extension."""

import numpy as np
from scipy.signal import get_window

FRAME = 2048
HOP = 512
FLOOR_DB = -120.0


def _levels(samples: np.ndarray, floor_db: float) -> np.ndarray:
    """Level of each bin of each frame in dB, ``[frames, FRAME // 2 + 1]``: 0 dB is the peak of a full-scale sine."""
    window = get_window("hann", FRAME)
    padded = np.pad(samples.astype(np.float64), (0, max(0, FRAME - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    amplitude = np.abs(np.fft.rfft(frames * window)) / (window.sum() / 2)
    return 20 * np.log10(np.maximum(amplitude, 10 ** (floor_db / 20)))


def log_spectral_distance(estimate: np.ndarray, reference: np.ndarray, floor_db: float = FLOOR_DB) -> float:
    """``mean_t sqrt(mean_f (10 log10 |X|^2 - 10 log10 |Y|^2)^2)`` in dB of two sounds ``[length]`` of equal length.

    ``X`` and ``Y`` are short-time Fourier transforms with a Hann window of 2048 samples every 512, over the frames that
    lie wholly inside (a shorter sound is filled up with zeros), all bins from 0 Hz to Nyquist. Without the factor 10
    this is the form of the papers. Bins below ``floor_db`` count as ``floor_db``, relative to the peak of a full-scale
    sine: without a floor, digital silence would be infinitely far from everything.
    Raises ValueError when the shapes are not one and the same ``[length]``, or empty.
    """
    if estimate.ndim != 1 or estimate.shape != reference.shape or len(estimate) == 0:
        raise ValueError(f"log_spectral_distance: need two sounds [length], got {estimate.shape} and {reference.shape}")
    difference = _levels(estimate, floor_db) - _levels(reference, floor_db)
    return float(np.sqrt(np.square(difference).mean(1)).mean())
