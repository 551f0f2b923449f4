"""Mel filters."""

import numpy as np


def to_mel(f: float | np.ndarray) -> np.ndarray:
    """Hertz to mel (O'Shaughnessy 1987)."""
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(f) / 700.0))


def mel_filters(bins: int, mels: int, sample_rate: int, low: float, high: float) -> np.ndarray:
    """Triangular filters of unit height, ``[mels, bins]`` float32, centres even on the mel scale from ``low`` to
    ``high`` Hz, over the ``bins`` frequencies from 0 to Nyquist."""
    edges = 700.0 * (10 ** (np.linspace(to_mel(low), to_mel(high), mels + 2) / 2595.0) - 1.0)
    f = np.linspace(0, sample_rate / 2, bins)
    rise = (f - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - f) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(rise, fall), 0, None).astype(np.float32)
