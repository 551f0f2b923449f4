"""Animals and people."""

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
    noise,
    place,
    pulses,
    resonances,
    slow_noise,
    tone,
)

Rng = np.random.Generator


def voice(rng: Rng, f: np.ndarray, formants: list[tuple[float, float, float]], breath: float = 0.1) -> np.ndarray:
    """A throat: glottal pulses at ``f`` Hz per sample, with breath, through formants."""
    n = len(f)
    source = lowpass(pulses(rng, f, n, 0.15), 4000) + breath * 0.1 * noise(rng, n)
    return resonances(source, formants)


@sound("dog", ("a dog barking", "a barking dog", "dog barks"), ("size", "count", "speed"), ("bark", "barks"))
def dog(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Barks: a pitch that jumps up and falls, rough, through an open mouth."""
    k = a.scale(rng) ** 0.85
    f0 = 430 * k

    def bark() -> np.ndarray:
        n = int(SAMPLE_RATE * rng.uniform(0.14, 0.24) / k**0.3)
        f = np.concatenate([glide(0.7 * f0, 1.2 * f0, n // 4), glide(1.2 * f0, 0.55 * f0, n - n // 4)])
        x = voice(rng, f, [(800 * k, 3, 1.0), (1500 * k, 4, 0.8), (2900 * k, 4, 0.35)], 1.5)
        return np.tanh(6 * x) * np.minimum(1, np.arange(n) / 400) * np.hanning(2 * n)[n:] ** 0.7

    starts = event_times(rng, length / SAMPLE_RATE, 1.8 * a.tempo(rng), a.count, 0.25)
    return place([(s, bark() * rng.uniform(0.7, 1)) for s in starts], length)


@sound("cat", ("a cat meowing", "a meowing cat", "a cat"), ("pitch", "count"), ("meow", "meows"))
def cat(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Meows: a pitch that rises and sinks while the mouth opens."""
    f0 = 560 * a.scale(rng) ** 0.9

    def meow() -> np.ndarray:
        n = int(SAMPLE_RATE * rng.uniform(0.4, 0.65))
        f = f0 * (0.8 + 0.5 * np.sin(np.pi * np.linspace(0, 1, n) ** 0.7))
        return voice(rng, f, [(1.8 * f0, 4, 1), (4.1 * f0, 5, 0.6), (6.3 * f0, 5, 0.3)], 0.2) * np.hanning(n) ** 0.6

    starts = event_times(rng, length / SAMPLE_RATE, 0.9, a.count or int(rng.integers(1, 4)), 0.1)
    return place([(s, meow()) for s in starts], length)


@sound("bird", ("a bird chirping", "a bird singing", "birdsong"), ("pitch", "speed", "count"), ("chirp", "chirps"))
def bird(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Whistled syllables with fast glides; one bird keeps its few syllables."""
    base = 3000 * a.scale(rng) ** 0.8
    shapes = [(rng.uniform(0.7, 1.3), rng.uniform(0.7, 1.3), rng.uniform(0.06, 0.16)) for _ in range(3)]

    def chirp() -> np.ndarray:
        start, end, duration = shapes[int(rng.integers(3))]
        n = int(duration * SAMPLE_RATE)
        f = glide(base * start, base * end, n) * (
            1 + 0.03 * np.sin(2 * np.pi * rng.uniform(20, 60) * np.arange(n) / SAMPLE_RATE)
        )
        return tone(f, n, (1, 0.15)) * np.hanning(n)

    starts = event_times(rng, length / SAMPLE_RATE, 3.2 * a.tempo(rng), a.count, 0.4)
    return place([(s, chirp() * rng.uniform(0.5, 1)) for s in starts], length)


@sound("owl", ("an owl hooting", "an owl"), ("pitch", "count"), ("hoot", "hoots"))
def owl(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Soft hoots."""
    f0 = 390 * a.scale(rng)

    def hoot() -> np.ndarray:
        n = int(rng.uniform(0.22, 0.45) * SAMPLE_RATE)
        return (
            tone(f0 * (1 + 0.04 * np.hanning(n)), n, (1, 0.12)) + 0.03 * bandpass(noise(rng, n), f0, 3)
        ) * np.hanning(n) ** 0.7

    starts = event_times(rng, length / SAMPLE_RATE, 1.2, a.count or int(rng.integers(2, 5)), 0.1)
    return place([(s, hoot()) for s in starts], length)


@sound("crow", ("a crow cawing", "a crow"), ("count", "pitch"), ("caw", "caws"))
def crow(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Harsh caws."""
    k = a.scale(rng)

    def caw() -> np.ndarray:
        n = int(rng.uniform(0.25, 0.4) * SAMPLE_RATE)
        f = 320 * k * (1 + 0.08 * slow_noise(rng, n, 40)) * np.linspace(1.1, 0.9, n)
        return (
            np.tanh(5 * voice(rng, f, [(1200 * k, 4, 1), (1900 * k, 5, 0.9), (3200 * k, 4, 0.3)], 2))
            * np.hanning(n) ** 0.4
        )

    starts = event_times(rng, length / SAMPLE_RATE, 1.5, a.count or int(rng.integers(2, 6)), 0.12)
    return place([(s, caw()) for s in starts], length)


@sound("frog", ("a frog croaking", "frogs croaking", "a frog"), ("pitch", "speed", "count"), ("croak", "croaks"))
def frog(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Croaks: a train of damped pulses."""
    k = a.scale(rng)

    def croak() -> np.ndarray:
        n = int(rng.uniform(0.2, 0.32) * SAMPLE_RATE)
        return (
            resonances(pulses(rng, 45 * k**0.4, n, 0.2), [(650 * k, 9, 1), (1500 * k, 9, 0.7)]) * np.hanning(n) ** 0.5
        )

    starts = event_times(rng, length / SAMPLE_RATE, 1.8 * a.tempo(rng), a.count, 0.15)
    return place([(s, croak()) for s in starts], length)


@sound("applause", ("applause", "people clapping", "an audience applauding"), ("size", "speed"))
def applause(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Many hands; a large crowd is dense, a small one can be counted."""
    rate = {"small": 14.0, "medium": 90.0, "large": 420.0}[a.size] * a.tempo(rng) ** 0.8
    k = {"small": 1.5, "medium": 1.0, "large": 0.6}[a.size]
    clap = lambda: bandpass(burst(rng, 1800, 0.0008, rng.uniform(0.02, 0.05)), rng.uniform(700, 2200) * k, 1.2)
    return grains(rng, length, rate, clap, 0.4)


@sound("heartbeat", ("a heartbeat", "a beating heart"), ("speed",))
def heartbeat(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Two dull thumps a beat."""
    rate = 1.25 * a.tempo(rng)
    gap = min(0.28, 0.35 / rate)

    def thump(f: float) -> np.ndarray:
        n = int(0.25 * SAMPLE_RATE)
        return tone(glide(f * 1.4, f * 0.8, n), n) * envelope(n, 0.012, 0.22)

    f = rng.uniform(48, 68)
    starts = event_times(rng, length / SAMPLE_RATE, rate, None, 0.03)
    return place([p for s in starts for p in ((s, thump(f)), (s + gap, 0.7 * thump(1.2 * f)))], length)


@sound("whistle", ("a person whistling", "whistling", "a whistle"), ("pitch", "count"), ("whistle", "whistles"))
def whistle(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Breathy sine tones that slide between notes."""
    f0 = 1300 * a.scale(rng)

    def note() -> np.ndarray:
        n = int(rng.uniform(0.3, 0.7) * SAMPLE_RATE)
        f = glide(f0 * rng.uniform(0.85, 1.2), f0 * rng.uniform(0.85, 1.2), n)
        return (tone(f, n, (1, 0.04)) + 0.05 * bandpass(noise(rng, n), f0, 4)) * np.hanning(n) ** 0.35

    starts = event_times(rng, length / SAMPLE_RATE, 1.1, a.count or int(rng.integers(1, 4)), 0.1)
    return place([(s, note()) for s in starts], length)


@sound("footsteps", ("footsteps", "someone walking", "a person walking"), ("speed", "size", "count"),
       ("footstep", "footsteps"), ("gravel", "wood", "snow", "concrete"), weight=2.0)  # fmt: skip
def footsteps(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Heel and toe on a floor that rings, crunches or thuds."""
    k = a.scale(rng) ** 0.8
    n = int(0.3 * SAMPLE_RATE)

    def step() -> np.ndarray:
        if a.surface in ("gravel", "snow"):
            centre, rate = (2600, 260) if a.surface == "gravel" else (1100, 900)
            grain = lambda: bandpass(burst(rng, 400, 0.0005, 0.01), centre * k * rng.uniform(0.6, 1.6), 2)
            return grains(rng, n, rate * np.hanning(n), grain, 0.8) * 1.5
        decay, f = (0.09, 140.0) if a.surface == "wood" else (0.035, 320.0)
        body = resonances(burst(rng, n, 0.001, decay), [(f * k, 4, 1.5), (3.1 * f * k, 4, 1), (8 * f * k, 3, 0.5)])
        return body + 0.15 * highpass(burst(rng, n, 0.001, 0.02), 2500 * k)

    starts = event_times(rng, length / SAMPLE_RATE, 1.7 * a.tempo(rng), a.count, 0.06)
    return place([(s, step() * rng.uniform(0.75, 1)) for s in starts], length)
