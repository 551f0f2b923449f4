"""Small pictures of sounds, fast enough to be made at each request."""

import io
from functools import cache

import numpy as np
from PIL import Image

FRAME = 2048
HOP = 256
LOWEST_HZ = 40.0
RANGE_DB = (-95.0, -15.0)
FRAMES = 4  # for each column at most: of long sounds, parts are looked at


def peaks(samples: np.ndarray, points: int) -> list[tuple[float, float]]:
    """Lowest and highest of at most ``points`` equal stretches of mono samples, rounded to 4 digits."""
    starts = np.unique(np.linspace(0, len(samples), min(points, len(samples)), endpoint=False).astype(int))
    lowest, highest = (reduce.reduceat(samples, starts).round(4) for reduce in (np.minimum, np.maximum))
    return list(zip(lowest.tolist(), highest.tolist(), strict=True))


def spectrogram_png(samples: np.ndarray, sample_rate: int, width: int, height: int) -> bytes:
    """The spectrogram of mono samples on a logarithmic frequency scale from 40 Hz to Nyquist, as a PNG."""
    low, high = RANGE_DB
    level = np.clip((_levels(samples, sample_rate, width, height) - low) / (high - low), 0, 1)
    picture = Image.fromarray(np.rint(level[::-1] * 255).astype(np.uint8), "L")
    picture.putpalette(_palette())
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=1)
    return data.getvalue()


def _levels(samples: np.ndarray, sample_rate: int, width: int, height: int) -> np.ndarray:
    """Level in dB ``[height, width]``, low frequencies first."""
    count = min(FRAMES * width, max(1, len(samples) // HOP))
    window = np.hanning(FRAME).astype(np.float32)
    padded = np.pad(samples, FRAME // 2)
    starts = np.linspace(0, max(0, len(samples) - 1), count).astype(int)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[starts] * window
    power = np.square(np.abs(np.fft.rfft(frames, axis=1).astype(np.complex64) / window.sum())).T
    edges = np.geomspace(min(LOWEST_HZ, sample_rate / 8), sample_rate / 2, height + 1) * FRAME / sample_rate
    first = np.minimum(np.floor(edges[:-1]).astype(int), len(power) - 1)
    last = np.minimum(np.maximum(np.ceil(edges[1:]).astype(int), first + 1), len(power))
    rows = np.stack([power[a:b].max(axis=0) for a, b in zip(first, last, strict=True)])
    columns = np.linspace(0, count, width + 1).astype(int)[:-1]
    rows = np.maximum.reduceat(rows, columns, axis=1) if count >= width else rows[:, columns]
    return 10 * np.log10(rows + 1e-12)


@cache
def _palette() -> list[int]:
    """The colours of matplotlib's magma."""
    from matplotlib import colormaps  # takes a while to load

    return [int(part) for colour in colormaps["magma"](np.arange(256), bytes=True) for part in colour[:3]]
