"""Building blocks of procedural sound: noises, filters, modes, grains, glides, rooms, events in time."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import signal

SAMPLE_RATE = 44100
NYQUIST = SAMPLE_RATE / 2


def times(length: int) -> np.ndarray:
    """Seconds of each sample."""
    return np.arange(length) / SAMPLE_RATE


def noise(rng: np.random.Generator, length: int, slope: float = 0.0) -> np.ndarray:
    """Unit-RMS Gaussian noise whose amplitude spectrum falls as ``f ** -slope`` (0 white, 0.5 pink, 1 brown)."""
    white = rng.standard_normal(length)
    if slope == 0.0:
        return white
    spectrum = np.fft.rfft(white)
    f = np.maximum(np.arange(len(spectrum)) * SAMPLE_RATE / length, 30.0)
    shaped = np.fft.irfft(spectrum * f**-slope, n=length)
    return shaped / (shaped.std() + 1e-12)


def slow_noise(rng: np.random.Generator, length: int, rate: float) -> np.ndarray:
    """A smooth random curve in about [-2, 2], unit RMS, varying ``rate`` times a second."""
    points = rng.standard_normal(max(4, int(length / SAMPLE_RATE * rate) + 4))
    grid = np.linspace(0, len(points) - 1, length // 64 + 2)
    curve = np.interp(grid, np.arange(len(points)), points)
    width = max(1, int(len(grid) / len(points)))
    curve = np.convolve(np.pad(curve, width, "edge"), np.hanning(2 * width + 1) / width, "same")[width:-width]
    return np.interp(np.arange(length), np.linspace(0, length, len(curve)), curve)


def _clip(f: float) -> float:
    return float(np.clip(f, 15.0, 0.97 * NYQUIST))


def lowpass(x: np.ndarray, f: float, order: int = 2) -> np.ndarray:
    """Butterworth low-pass at ``f`` Hz."""
    return signal.sosfilt(signal.butter(order, _clip(f), "low", fs=SAMPLE_RATE, output="sos"), x)


def highpass(x: np.ndarray, f: float, order: int = 2) -> np.ndarray:
    """Butterworth high-pass at ``f`` Hz."""
    return signal.sosfilt(signal.butter(order, _clip(f), "high", fs=SAMPLE_RATE, output="sos"), x)


def bandpass(x: np.ndarray, f: float, q: float) -> np.ndarray:
    """Second-order resonance at ``f`` Hz of quality ``q``, unit gain at its peak."""
    b, a = signal.iirpeak(_clip(f), q, fs=SAMPLE_RATE)
    return signal.lfilter(b, a, x)


def resonances(x: np.ndarray, peaks: Sequence[tuple[float, float, float]]) -> np.ndarray:
    """Sum of band-passes ``(frequency, q, gain)``: formants of a throat or a box."""
    return np.sum([gain * bandpass(x, f, q) for f, q, gain in peaks], axis=0)


def modes(freqs: np.ndarray, decays: np.ndarray, gains: np.ndarray, length: int, phases: np.ndarray) -> np.ndarray:
    """Sum of damped sinusoids: frequencies in Hz, decays in seconds to fall by 60 dB."""
    keep = freqs < 0.95 * NYQUIST
    t = times(length)
    out = np.zeros(length)
    for f, d, gain, phase in zip(freqs[keep], decays[keep], gains[keep], phases[keep], strict=True):
        n = min(length, int(1.3 * d * SAMPLE_RATE) + 1)
        out[:n] += gain * np.exp(-6.9 / d * t[:n]) * np.sin(2 * np.pi * f * t[:n] + phase)
    return out


def strike(
    rng: np.random.Generator, ratios: Sequence[float], base: float, decay: float, length: int, damping: float = 0.7
) -> np.ndarray:
    """A struck body: modes at ``ratios * base`` with higher ones shorter by ``ratio ** -damping``, and a soft click."""
    r = np.asarray(ratios) * (1 + 0.01 * rng.standard_normal(len(ratios)))
    gains = rng.uniform(0.4, 1.0, len(r)) / r**0.4
    body = modes(base * r, decay * r**-damping, gains, length, rng.uniform(0, 0.3, len(r)))
    n = min(length, 400)
    click = noise(rng, n) * np.exp(-np.arange(n) / 60)
    body[:n] += 0.5 * lowpass(click, 8 * base)
    return body * np.minimum(1.0, np.arange(length) / 20)


def burst(rng: np.random.Generator, length: int, attack: float, decay: float, slope: float = 0.0) -> np.ndarray:
    """A noise burst: ``attack`` seconds up, falling 60 dB in ``decay`` seconds."""
    return noise(rng, length, slope) * envelope(length, attack, decay)


def envelope(length: int, attack: float, decay: float) -> np.ndarray:
    """Rises linearly in ``attack`` seconds, then falls exponentially, 60 dB in ``decay`` seconds."""
    t = times(length)
    return np.minimum(1.0, t / max(attack, 1e-4)) * np.exp(-6.9 * np.maximum(0, t - attack) / decay)


def swell(length: int, centre: float, width: float) -> np.ndarray:
    """A bell-shaped envelope around ``centre`` seconds."""
    return np.exp(-0.5 * ((times(length) - centre) / width) ** 2)


def tone(f: np.ndarray | float, length: int, harmonics: Sequence[float] = (1.0,), phase: float = 0.0) -> np.ndarray:
    """A harmonic tone of momentary fundamental ``f`` (Hz, number or per sample), amplitudes per harmonic."""
    f = np.broadcast_to(np.asarray(f, dtype=float), (length,))
    angle = phase + 2 * np.pi * np.cumsum(f) / SAMPLE_RATE
    out = np.zeros(length)
    for k, gain in enumerate(harmonics, 1):
        if gain:
            out += gain * np.sin(k * angle) * (k * f < 0.9 * NYQUIST)
    return out


def pulses(rng: np.random.Generator, f: np.ndarray | float, length: int, jitter: float = 0.02) -> np.ndarray:
    """Unit impulses at momentary rate ``f`` per second; their heights vary by ``jitter``."""
    angle = rng.random() + np.cumsum(np.broadcast_to(np.asarray(f, dtype=float), (length,))) / SAMPLE_RATE
    out = (np.diff(np.floor(angle), prepend=np.floor(angle[0])) > 0).astype(float)
    return out * (1 + jitter * rng.standard_normal(length))


def glide(start: float, end: float, length: int, shape: float = 1.0) -> np.ndarray:
    """From ``start`` to ``end`` on a logarithmic scale; ``shape`` > 1 begins slowly, < 1 fast."""
    u = np.linspace(0, 1, length) ** shape
    return start * (end / start) ** u


def grains(
    rng: np.random.Generator, length: int, rate: float | np.ndarray, make: Callable[[], np.ndarray], spread: float = 1.0
) -> np.ndarray:
    """Poisson grains: ``make()`` at random times, ``rate`` per second, log-normal heights of ``spread`` nats.

    A pool of at most 24 grains is reused, which the ear does not notice and the clock does.
    """
    rate = np.broadcast_to(np.asarray(rate, dtype=float), (length,))
    hits = np.flatnonzero(rng.random(length) < rate / SAMPLE_RATE)
    if len(hits) == 0:  # a sound of grains has at least one
        hits = rng.integers(0, max(1, length // 3), 1)
    pool = [make() for _ in range(min(24, len(hits)))]
    out = np.zeros(length + max(len(p) for p in pool))
    choice = rng.integers(len(pool), size=len(hits))
    for index, grain in enumerate(pool):
        train = np.zeros(length)
        mine = hits[choice == index]
        train[mine] = np.exp(spread * rng.standard_normal(len(mine)))
        if len(mine) > 200 and len(grain) < 4000:
            out[: length + len(grain) - 1] += signal.oaconvolve(train, grain)
        else:
            for hit in mine:
                out[hit : hit + len(grain)] += train[hit] * grain
    return out[:length]


def reverberate(rng: np.random.Generator, x: np.ndarray, decay: float) -> np.ndarray:
    """The reverberant part only: ``x`` through exponentially falling noise, 60 dB in ``decay`` seconds."""
    n = int(min(decay, 2.5) * SAMPLE_RATE)
    response = lowpass(burst(rng, n, 0.01, decay), 5000)
    return signal.oaconvolve(x, response)[: len(x)]


def place(events: Sequence[tuple[float, np.ndarray]], length: int) -> np.ndarray:
    """Add sounds at their times in seconds; what runs past the end is cut."""
    out = np.zeros(length)
    for start, x in events:
        begin = int(start * SAMPLE_RATE)
        if 0 <= begin < length:
            part = x[: length - begin]
            out[begin : begin + len(part)] += part
    return out


def event_times(rng: np.random.Generator, duration: float, rate: float, count: int | None, jitter: float) -> np.ndarray:
    """Start times in seconds. With ``count`` exactly so many, at least 0.35 s apart; else regular at ``rate`` with
    relative ``jitter``, filling ``duration``."""
    first = rng.uniform(0.05, 0.35)
    if count is not None:
        room = duration - first - 0.5
        gap = min(float(np.clip(1 / rate, 0.4, 2.0)), room / max(count, 1))
        gap = max(gap, 0.36)
        steps = np.clip(1 + jitter * rng.standard_normal(count), 0.92, 1.2)
        return first + gap * np.concatenate([[0], np.cumsum(steps[1:])]) if count > 1 else np.array([first])
    n = max(1, int((duration - first) * rate))
    gaps = np.maximum(0.3, 1 + jitter * rng.standard_normal(n)) / rate
    starts = first + np.concatenate([[0], np.cumsum(gaps[1:])])
    return starts[starts < duration - 0.05]
