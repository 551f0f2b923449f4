"""Measures on the signal itself: pitch region, level, events."""

from itertools import pairwise

import numpy as np
from scipy.signal import ShortTimeFFT, find_peaks, get_window

FRAME = 1024
HOP = 256


def _power(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    transform = ShortTimeFFT(get_window("hann", FRAME), HOP, sample_rate)
    return np.square(np.abs(transform.stft(np.pad(samples, (0, max(0, FRAME - len(samples)))))))


def spectral_centroid(samples: np.ndarray, sample_rate: int) -> float:
    """Mean frequency in octaves above 1 Hz, weighted by power over the whole sound: ``E[log2 f]``."""
    power = _power(samples, sample_rate).sum(1)[1:]
    f = np.arange(1, len(power) + 1) * sample_rate / FRAME
    return float((np.log2(f) * power).sum() / (power.sum() + 1e-20))


def level_db(samples: np.ndarray) -> float:
    """RMS in dB full scale, over frames of 50 ms within 30 dB of the loudest."""
    frame = 2205
    frames = samples[: max(1, len(samples) // frame) * frame]
    power = np.square(frames.reshape(-1, frame) if len(samples) >= frame else frames[None], dtype=np.float64).mean(1)
    return float(10 * np.log10(power[power >= power.max() * 1e-3].mean() + 1e-12))


def onset_curve(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Rise of log energy per hop of 256 samples, summed over frequency bands: high where something begins."""
    power = _power(samples, sample_rate)
    edges = np.geomspace(2, len(power), 17).astype(int)
    bands = np.stack([power[a:b].sum(0) for a, b in pairwise(edges)])
    logs = np.log(bands + 1e-4 * bands.max() + 1e-12)
    rise = np.maximum(0, logs[:, 3:] - logs[:, :-3])
    return np.pad(rise.mean(0), (3, 0))


def onset_times(samples: np.ndarray, sample_rate: int, gap: float = 0.2) -> np.ndarray:
    """Times in seconds at which events begin, at least ``gap`` seconds apart."""
    curve = onset_curve(samples, sample_rate)
    rate = sample_rate / HOP
    peaks, _ = find_peaks(
        np.pad(curve, (1, 1)), height=max(0.3, 0.3 * float(curve.max(initial=0.0))), distance=max(1, round(gap * rate))
    )
    return np.asarray((peaks - 1) / rate)


def modulation_rate(samples: np.ndarray, sample_rate: int) -> float:
    """Centroid in octaves of the envelope's modulation spectrum from 0.4 to 30 Hz: how fast things happen."""
    power = _power(samples, sample_rate).sum(0)
    envelope = np.sqrt(power)
    spectrum = np.square(np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope)))))
    f = np.fft.rfftfreq(len(envelope), HOP / sample_rate)
    keep = (f >= 0.4) & (f <= 30)
    return float((np.log2(f[keep]) * spectrum[keep]).sum() / (spectrum[keep].sum() + 1e-20))
