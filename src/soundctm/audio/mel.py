"""Mel filters."""

import numpy as np

SLANEY_STEP = 200 / 3  # Hz per mel of Slaney's scale, up to its break
SLANEY_BREAK = 15.0  # mel, 1 kHz; geometric above, by 6.4 in 27 mel
SLANEY_RATIO = 6.4 ** (1 / 27)


def to_mel(f: float | np.ndarray) -> np.ndarray:
    """Hertz to mel (O'Shaughnessy 1987)."""
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(f) / 700.0))


def _triangles(edges: np.ndarray, bins: int, sample_rate: int) -> np.ndarray:
    """Triangles of unit height ``[mels, bins]`` float64 between ``edges [mels + 2]`` in Hz."""
    f = np.linspace(0, sample_rate / 2, bins)
    rise = (f - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - f) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(rise, fall), 0, None)


def mel_filters(bins: int, mels: int, sample_rate: int, low: float, high: float) -> np.ndarray:
    """Triangular filters of unit height, ``[mels, bins]`` float32, centres even on the mel scale from ``low`` to
    ``high`` Hz, over the ``bins`` frequencies from 0 to Nyquist."""
    edges = 700.0 * (10 ** (np.linspace(to_mel(low), to_mel(high), mels + 2) / 2595.0) - 1.0)
    return _triangles(edges, bins, sample_rate).astype(np.float32)


def slaney_filters(bins: int, mels: int, sample_rate: int) -> np.ndarray:
    """Triangular filters of unit area in Hz, ``[mels, bins]`` float32, centres even on Slaney's (1998) mel scale from
    0 to Nyquist, over the ``bins`` frequencies from 0 to Nyquist."""
    corner, nyquist = SLANEY_STEP * SLANEY_BREAK, sample_rate / 2
    top = nyquist / SLANEY_STEP
    if nyquist > corner:
        top = SLANEY_BREAK + np.log(nyquist / corner) / np.log(SLANEY_RATIO)
    mel = np.linspace(0, top, mels + 2)
    edges = np.where(mel < SLANEY_BREAK, SLANEY_STEP * mel, corner * SLANEY_RATIO ** (mel - SLANEY_BREAK))
    area = (edges[2:] - edges[:-2]) / 2
    return (_triangles(edges, bins, sample_rate) / area[:, None]).astype(np.float32)
