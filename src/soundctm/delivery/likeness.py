"""How near two sounds are as waveforms: aligned, brought to one gain, then compared as a whole, in stretches of 0.1 s
and in bands. What codecs, sample rates and gains do stays small in all of these; an edit is large in one of them."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import maximum_filter1d

from soundctm.audio import Clip
from soundctm.audio.resample import resample, resampled_length

RATE = 16_000  # Hz, or the lower of the two: codecs keep what lies below 8 kHz
STRETCH = 0.1  # seconds, half overlapping
HEARD = 1e-3  # power against the loudest stretch below which a stretch does not count (-30 dB)
BESIDE, REACH = 0.1, 2  # what is added next to a stretch ten times as loud is a codec's: it rings before an attack
PADDING = 0.1  # seconds that a codec may add in front or behind
LOST, EARLY = 0.005, 0.002  # seconds that a conversion may lose at the end, and in front
FRAME, FRAMES, HOPS = 512, 16, 4  # samples of a spectrum; spectra of a cell, and between cells
LOWEST_BIN, BANDS = 3, 12
IN_A_CELL = 10**-1.5  # power against the loudest band of a cell below which a band does not count
TINY = 1e-20
FINE = 16  # steps of a sample in alignment


@dataclass(frozen=True)
class Figures:
    """Of a sound against the one it should be: ``longer`` and ``later`` seconds, ``gain`` dB (``inverted`` where its
    sign is turned), ``correlation`` 0 to 1 over the whole; of the worst stretch the ``residual``, the power of the
    difference over that of the louder one, and the ``drift``, its own gain against the whole's, dB; ``excess``, by how
    many dB a band of it is louder at worst. Of several channels the worst counts in each."""

    longer: float
    later: float
    gain: float
    inverted: bool
    correlation: float
    residual: float
    drift: float
    excess: float


def compare(clip: Clip, wanted: Clip) -> Figures:
    """Figures of a clip against ``wanted``: channel by channel, or each of its channels against the mean of the
    other's where they differ in number."""
    rate = min(RATE, clip.sample_rate, wanted.sample_rate)
    expected = resampled_length(wanted.samples.shape[1], wanted.sample_rate, clip.sample_rate)
    longer = (clip.samples.shape[1] - expected) / clip.sample_rate
    given = resample(clip.samples, clip.sample_rate, rate).astype(np.float64)
    asked = resample(wanted.samples, wanted.sample_rate, rate).astype(np.float64)
    if len(asked) != len(given):
        asked = np.repeat(asked.mean(axis=0, keepdims=True), len(given), axis=0)
    each = [_channel(x, y, rate, longer) for x, y in zip(given, asked, strict=True)]
    worst = min(each, key=lambda figures: figures.correlation)
    largest = {name: max(getattr(figures, name) for figures in each) for name in ("residual", "drift", "excess")}
    return replace(worst, **largest)


def _channel(x: np.ndarray, y: np.ndarray, rate: int, longer: float) -> Figures:
    if not len(x) or not len(y):
        return Figures(longer, 0.0, 0.0, False, 0.0, 1.0, 0.0, 0.0)
    lag = _lag(x, y, round(PADDING * rate))
    y = _shifted(y, lag, len(x))
    power = float(y @ y)
    gain = float(x @ y) / (power + TINY)
    correlation = abs(float(x @ y)) / (float(np.sqrt((x @ x) * power)) + TINY)
    if not (x @ x) or not power:  # silence is like silence, and like nothing else
        both = not (x @ x) and not power
        return Figures(longer, 0.0, 0.0, False, float(both), float(not both), 0.0, 0.0)
    y = y * gain
    residual, drift = _stretches(x, y, max(1, round(STRETCH * rate)))
    level = 20 * float(np.log10(abs(gain) + TINY))
    return Figures(longer, lag / rate, level, gain < 0, correlation, residual, drift, _excess(x, y))


def _lag(x: np.ndarray, y: np.ndarray, most: int) -> float:
    """By how many samples, at most ``most``, ``x`` is later than ``y``, to a sixteenth."""
    size = 1 << (max(len(x), len(y)) + max(most, len(x), len(y)) + 2 * FINE).bit_length()
    spectrum = np.fft.rfft(x, size) * np.conj(np.fft.rfft(y, size))
    correlation = np.fft.irfft(spectrum, size)
    places = np.concatenate([np.arange(most + 1), np.arange(-most, 0)])
    place = int(places[np.argmax(np.abs(correlation[places]))])
    near = np.arange(-FINE, FINE + 1)
    between = np.arange(-FINE, FINE + 1) / FINE
    fine = np.sinc(between[:, None] - near) @ correlation[(place + near) % size]
    return place + float(between[np.argmax(np.abs(fine))])


def _shifted(y: np.ndarray, lag: float, length: int) -> np.ndarray:
    """``y`` later by ``lag`` samples, ``length`` long, silence where it has none."""
    if lag == 0.0:
        return np.pad(y, (0, max(0, length - len(y))))[:length]
    size = 1 << (max(length, len(y)) + 2 * int(abs(lag)) + 2 * FINE).bit_length()
    turned = np.fft.rfft(y, size) * np.exp(-2j * np.pi * np.arange(size // 2 + 1) * lag / size)
    return np.asarray(np.fft.irfft(turned, size)[:length])


def _stretches(x: np.ndarray, y: np.ndarray, size: int) -> tuple[float, float]:
    """Residual and drift of the worst stretch among those that are heard."""
    starts = np.arange(0, max(1, len(x) - size // 2), max(1, size // 2))

    def sums(values: np.ndarray) -> np.ndarray:
        total = np.concatenate([[0.0], np.cumsum(values)])
        return np.asarray(total[np.minimum(starts + size, len(values))] - total[starts])

    given, wanted = sums(x * x), sums(y * y)
    louder = np.maximum(given, wanted)
    rung = (given >= wanted) & (louder < BESIDE * maximum_filter1d(louder, 2 * REACH + 1, mode="nearest"))
    heard = (louder >= louder.max() * HEARD) & ~rung
    residual = sums(np.square(x - y))[heard] / np.maximum(louder[heard], TINY)
    gains = sums(x * y)[heard] / np.maximum(wanted[heard], TINY)
    drift = np.abs(20 * np.log10(np.maximum(gains, 1e-5)))
    return float(residual.max()), float(drift.max())


def _cells(x: np.ndarray) -> np.ndarray:
    """Power ``[cells, bands]`` of 0.26 s and a twelfth of the logarithmic frequency axis (at 16 kHz)."""
    x = np.pad(x, (0, max(0, FRAME - len(x))))
    frames = np.lib.stride_tricks.sliding_window_view(x, FRAME)[:: FRAME // 2] * np.hanning(FRAME)
    power = np.square(np.abs(np.fft.rfft(frames, axis=1)))
    edges = np.unique(np.round(np.geomspace(LOWEST_BIN, FRAME // 2, BANDS + 1)).astype(int))
    bands = np.add.reduceat(power, edges[:-1], axis=1)
    starts = range(0, max(1, len(bands) - FRAMES + HOPS), HOPS)
    return np.stack([bands[start : start + FRAMES].sum(axis=0) for start in starts])


def _excess(x: np.ndarray, y: np.ndarray) -> float:
    """By how many dB ``x`` is louder than ``y`` in its worst band, among those that are heard."""
    given, wanted = _cells(x), _cells(y)
    louder = np.maximum(given, wanted)
    heard = (louder > louder.max() * HEARD) & (louder > louder.max(axis=1, keepdims=True) * IN_A_CELL)
    return float((10 * np.log10((given[heard] + TINY) / (wanted[heard] + TINY))).max(initial=0.0))
