"""Weather, water and fire."""

import numpy as np

from soundctm.training.data.procedural.base import Attributes, sound
from soundctm.training.data.procedural.primitives import (
    SAMPLE_RATE,
    bandpass,
    burst,
    envelope,
    event_times,
    glide,
    grains,
    highpass,
    lowpass,
    modes,
    noise,
    place,
    pulses,
    resonances,
    slow_noise,
    swell,
    times,
    tone,
)

Rng = np.random.Generator


def _drop(rng: Rng, f: float) -> np.ndarray:
    """One water drop: a bubble whose pitch rises as it closes."""
    n = int(SAMPLE_RATE * rng.uniform(0.02, 0.07))
    return tone(glide(f, f * rng.uniform(1.2, 2.0), n), n) * envelope(n, 0.001, rng.uniform(0.03, 0.09))


@sound("rain", ("rain", "rainfall", "rain falling"), ("size",), surfaces=("roof", "leaves", "ground"))
def rain(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Hiss of many drops, and single ones that stand out; large rain is heavy, small is light."""
    weight = {"small": 0.15, "medium": 0.5, "large": 1.0}[a.size]
    lower = {"small": 3000.0, "medium": 1200.0, "large": 150.0}[a.size]
    hiss = highpass(noise(rng, length, 0.7 if a.size == "large" else 0.25), lower)
    hiss *= 1 + 0.1 * slow_noise(rng, length, 1)
    pitch = {"small": 1.7, "medium": 1.0, "large": 0.6}[a.size]  # small drops are bright
    if a.surface == "roof":
        f = pitch * rng.uniform(900, 2200)
        ping = lambda: modes(f * rng.uniform(0.6, 1.8, 3), rng.uniform(0.03, 0.12, 3), np.ones(3), 3500, np.zeros(3))
        return 0.4 * weight * hiss + 0.6 * grains(rng, length, 40 + 250 * weight, ping, 0.7)
    centre = pitch * (1800 if a.surface == "leaves" else 3500)
    tick = lambda: bandpass(burst(rng, 500, 0.0005, 0.008), centre * rng.uniform(0.5, 1.8), 1.5)
    return weight * hiss + 1.6 * grains(rng, length, 60 + 400 * weight, tick, 0.9)


@sound("wind", ("wind", "wind blowing", "a breeze"), ("pitch", "speed"))
def wind(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Noise through resonances that wander with the gusts."""
    f = 420 * a.scale(rng)
    gust = np.exp(0.5 * slow_noise(rng, length, 0.9 * a.tempo(rng)))
    base = noise(rng, length, 0.6)
    out = np.zeros(length)
    for ratio, q in ((0.6, 1.5), (1.0, 4.0), (1.7, 3.0)):
        out += bandpass(base, f * ratio * rng.uniform(0.9, 1.1), q) * gust ** rng.uniform(0.8, 1.6)
    return lowpass(out, 5 * f)


@sound("thunder", ("thunder", "a thunderclap", "thunder rumbling"), ("size",))
def thunder(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A crack, then rumbling that rolls away."""
    start, f = rng.uniform(0.1, 0.5), 160 * a.scale(rng)
    rolls = [(start, burst(rng, length, 0.005, 0.4, 0.3))]
    for delay in np.sort(rng.uniform(0, 2.2, 7)):
        rolls.append(
            (start + delay, rng.uniform(0.5, 1.5) * burst(rng, length, rng.uniform(0.02, 0.15), rng.uniform(1, 3), 0.8))
        )
    x = place(rolls, length)
    return lowpass(x, f, 2) * 3 + 0.4 * lowpass(x, 4 * f) * envelope(length, start + 0.01, 1.0)


@sound("waves", ("ocean waves", "sea waves", "waves on a shore"), ("speed", "size"))
def waves(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Surf: noise that swells, brightens as the wave breaks, and draws back."""
    period, f = 3.2 / a.tempo(rng), 1.0 * a.scale(rng)
    level = np.full(length, 0.12)
    for centre in np.arange(rng.uniform(0.2, 1.2), length / SAMPLE_RATE + 1, period):
        level += swell(length, centre * rng.uniform(0.95, 1.05), 0.23 * period) * rng.uniform(0.6, 1.0)
    low, high = lowpass(noise(rng, length, 0.5), 700 * f), highpass(noise(rng, length, 0.2), 1500 * f)
    return low * level + 0.5 * lowpass(high, 6000 * f) * level**2


@sound("stream", ("a stream", "a river flowing", "running water"), ("size",))
def stream(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Countless bubbles over a soft hiss."""
    f = 900 * a.scale(rng)
    bubbles = grains(rng, length, 90, lambda: _drop(rng, f * np.exp(0.5 * rng.standard_normal())), 0.8)
    return bubbles + 0.25 * bandpass(noise(rng, length, 0.5), 1.5 * f, 0.6)


@sound("drip", ("water dripping", "a dripping tap", "dripping water"), ("speed", "pitch", "count"), ("drip", "drips"))
def drip(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Single drops into still water."""
    f = 1100 * a.scale(rng)
    starts = event_times(rng, length / SAMPLE_RATE, 1.9 * a.tempo(rng), a.count, 0.12)
    return place([(s, _drop(rng, f * rng.uniform(0.85, 1.2)) * rng.uniform(0.7, 1)) for s in starts], length)


@sound("bubbles", ("bubbles", "bubbling water", "boiling water"), ("speed", "pitch"))
def bubbles(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Slow large bubbles, one by one."""
    f, rate = 380 * a.scale(rng), 14 * a.tempo(rng)
    return grains(rng, length, rate, lambda: _drop(rng, f * np.exp(0.25 * rng.standard_normal())), 0.4)


@sound(
    "splash",
    ("a splash", "a water splash", "something splashing into water"),
    ("size", "count"),
    ("splash", "splashes"),
)
def splash(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A plunge, spray and falling drops."""
    f = a.scale(rng)

    def one() -> np.ndarray:
        n = int(1.1 * SAMPLE_RATE)
        spray = lowpass(highpass(burst(rng, n, 0.03, 0.7, 0.2), 500 * f), 7000 * f)
        drops = grains(rng, n, 120 * envelope(n, 0.15, 2.0), lambda: _drop(rng, 900 * f * rng.uniform(0.6, 2)), 0.6)
        return spray + 0.5 * drops + 2 * lowpass(burst(rng, n, 0.01, 0.3, 0.5), 250 * f)

    starts = event_times(rng, length / SAMPLE_RATE, 0.9, a.count or int(rng.integers(1, 3)), 0.1)
    return place([(s, one()) for s in starts], length)


@sound("fire", ("a fire", "fire crackling", "a crackling fire"), ("size",))
def fire(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Crackles over a low roar."""
    f = a.scale(rng)
    crack = lambda: bandpass(burst(rng, 900, 0.0003, rng.uniform(0.004, 0.02)), rng.uniform(1200, 5000) * f**0.7, 1.0)
    roar = lowpass(noise(rng, length, 0.8), 350 * f) * (1 + 0.3 * slow_noise(rng, length, 4))
    amount = {"small": 0.15, "medium": 0.5, "large": 1.6}[a.size]
    return (
        3 * grains(rng, length, rng.uniform(9, 28), crack, 1.0)
        + amount * roar
        + 0.03 * highpass(noise(rng, length), 4000)
    )


@sound("crickets", ("crickets", "crickets chirping", "a cricket"), ("pitch", "speed"))
def crickets(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Trains of short pulses at a high pitch."""
    out = np.zeros(length)
    rate, base = 2.4 * a.tempo(rng), 3600 * a.scale(rng) ** 0.75
    for _ in range(int(rng.integers(1, 4))):
        f = min(base * rng.uniform(0.93, 1.07), 15000)
        t = times(length)
        pulse = np.clip(np.sin(2 * np.pi * rate * rng.uniform(9, 12) * t), 0, 1) ** 2
        chirp = (np.mod(t * rate * rng.uniform(0.95, 1.05) + rng.random(), 1) < 0.4).astype(float)
        out += tone(f, length, (1, 0.1)) * pulse * lowpass(chirp, 60) * rng.uniform(0.3, 1)
    return out


@sound("bee", ("a bee buzzing", "a bee", "a fly buzzing", "an insect buzzing"), ("pitch", "speed"))
def bee(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A buzz that comes and goes."""
    f = 210 * a.scale(rng)
    rate = 3 * a.tempo(rng)
    wander = 1 + 0.06 * slow_noise(rng, length, rate)
    buzz = resonances(pulses(rng, f * wander, length, 0.1), [(f * 3, 2, 1), (f * 9, 2, 0.8), (f * 17, 2, 0.4)])
    return buzz * np.exp(0.6 * slow_noise(rng, length, 0.8 if a.speed == "medium" else rate / 3))
