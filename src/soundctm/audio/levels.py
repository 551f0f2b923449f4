"""Levels over time and frequency, and small pictures of them, fast enough to be drawn for every take."""

import io
from functools import cache

import numpy as np
from PIL import Image
from scipy.fft import rfft

FRAME = 2048
HOP = 256
ROWS = 200
LOWEST_HZ = 40.0
RANGE_DB = (-95.0, -15.0)
PLACES = 4  # that are looked at for a column at most
BLOCK = 512  # frames transformed at once: a long sound has more of them than fit into memory
QUIETEST = 1e-12  # of power, -120 dB
COMPRESSION = 1  # zlib's 0 to 9: a tenth larger than by the usual 6, in a third of the time


def log_spectrogram(samples: np.ndarray, sample_rate: int, rows: int = ROWS, columns: int | None = None) -> np.ndarray:
    """Level in dB ``[rows, columns]``, low frequencies first, of mono samples on a logarithmic frequency scale from 40
    Hz to Nyquist; a sine of full scale has -6 dB. Without ``columns`` there is one for every ``HOP`` samples; with them
    each is the loudest of up to ``PLACES`` in it."""
    count = max(1, len(samples) // HOP)
    if columns is not None:
        count = min(PLACES * columns, count)
    level = 10 * np.log10(_power(samples, sample_rate, rows, count) + QUIETEST)
    if columns is None or columns == count:
        return level
    places = np.arange(columns) * count // columns
    grouped: np.ndarray = np.maximum.reduceat(level, places, axis=1) if count > columns else level[:, places]
    return grouped


def _power(samples: np.ndarray, sample_rate: int, rows: int, count: int) -> np.ndarray:
    """The loudest bin of each row ``[rows, count]`` around ``count`` places of a sound."""
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    window /= window.sum()
    padded = np.pad(samples.astype(np.float32), FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)
    starts = np.linspace(0, max(0, len(samples) - 1), count).astype(int)
    edges = np.geomspace(lowest_hz(sample_rate), sample_rate / 2, rows + 1) * FRAME / sample_rate
    first = np.minimum(np.floor(edges[:-1]).astype(int), FRAME // 2 - 1)
    last = np.minimum(np.maximum(np.ceil(edges[1:]).astype(int), first + 1), FRAME // 2)
    bounds = np.stack([first, last], axis=1).ravel()  # rows may share a bin: what lies between them is left out
    power = np.empty((rows, count), np.float32)
    for begin in range(0, count, BLOCK):
        spectrum = rfft(frames[starts[begin : begin + BLOCK]] * window, axis=1)
        bins = np.square(spectrum.real) + np.square(spectrum.imag)
        power[:, begin : begin + BLOCK] = np.maximum.reduceat(bins, bounds, axis=1)[:, ::2].T
    return power


def lowest_hz(sample_rate: int) -> float:
    """Where the frequency scale begins."""
    return min(LOWEST_HZ, sample_rate / 8)


def envelope(samples: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First place, lowest and highest sample of at most ``most`` equal stretches of mono samples."""
    starts = np.unique(np.linspace(0, len(samples), min(most, len(samples)), endpoint=False).astype(int))
    return starts, np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)


def shades(level: np.ndarray) -> np.ndarray:
    """Levels in dB as shares of the range that pictures show, 0 to 1."""
    low, high = RANGE_DB
    return np.clip((level - low) / (high - low), 0, 1)


def spectrogram_png(samples: np.ndarray, sample_rate: int, width: int, height: int) -> bytes:
    """The spectrogram of mono samples as a PNG, low frequencies at the bottom."""
    level = shades(log_spectrogram(samples, sample_rate, height, width))
    picture = Image.fromarray(np.rint(level[::-1] * 255).astype(np.uint8))
    picture.putpalette(_palette())
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=COMPRESSION)
    return data.getvalue()


@cache
def _palette() -> list[int]:
    """The colours of matplotlib's magma."""
    from matplotlib import colormaps  # takes a while to load

    return [int(part) for colour in colormaps["magma"](np.arange(256), bytes=True) for part in colour[:3]]
