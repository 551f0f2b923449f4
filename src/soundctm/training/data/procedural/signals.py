"""Alarms, bells of machines, and sounds that no nature makes."""

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
    noise,
    place,
    reverberate,
    times,
    tone,
)

Rng = np.random.Generator
SQUARE = (1.0, 0.0, 0.33, 0.0, 0.2, 0.0, 0.14)
SAW = tuple(1 / k for k in range(1, 13))


def _gate(n: int, edge: int = 200) -> np.ndarray:
    """A flat envelope with short edges."""
    return np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / edge, 0, 1)


@sound("siren", ("a siren", "a police siren", "an ambulance siren"), ("pitch", "speed"))
def siren(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A tone that wails up and down, or steps between two notes."""
    f = 760 * a.scale(rng)
    angle = 2 * np.pi * 0.55 * a.tempo(rng) * times(length) + rng.uniform(0, 6)
    sweep = np.sin(angle) if rng.random() < 0.6 else np.sign(np.sin(angle))
    return np.tanh(2 * tone(f * 2 ** (0.45 * sweep), length, (1, 0.5, 0.35, 0.2)))


@sound("alarm", ("an alarm", "an alarm beeping", "an alarm going off"), ("pitch", "speed"))
def alarm(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Urgent pulses, on and off."""
    f = 1500 * a.scale(rng) ** 0.8
    phase = np.mod(times(length) * 3.2 * a.tempo(rng) + rng.random(), 1)
    second = rng.choice([1.0, 1.25, 0.8])
    return tone(np.where(phase < 0.5, f, f * second), length, SQUARE) * ((phase < 0.5) | (second != 1.0))


@sound("beep", ("a beep", "an electronic beep", "beeping"), ("pitch", "speed", "count"), ("beep", "beeps"), weight=1.5)
def beep(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Short pure tones."""
    f = 1000 * a.scale(rng)
    n = int(rng.uniform(0.1, 0.18) * SAMPLE_RATE)
    starts = event_times(rng, length / SAMPLE_RATE, 1.8 * a.tempo(rng), a.count, 0.01)
    one = tone(f, n, (1, 0.0, rng.uniform(0, 0.2))) * _gate(n)
    return place([(s, one) for s in starts], length)


@sound(
    "phone",
    ("a phone ringing", "a telephone ringing", "a telephone"),
    ("pitch", "count"),
    ("phone ring", "phone rings"),
)
def phone(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Two bells struck in turn by a clapper."""
    f = 1250 * a.scale(rng) ** 0.8
    duration = 0.55 if a.count else rng.uniform(0.8, 1.4)
    n = int(duration * SAMPLE_RATE)
    t = times(n)
    strokes = np.exp(-12 * np.mod(t * 24, 1))
    one = (tone(f, n, (1, 0, 0.4)) + tone(1.27 * f, n, (0.8, 0, 0.3))) * (0.25 + strokes) * _gate(n, 400)
    starts = event_times(rng, length / SAMPLE_RATE, 1 / (duration + 0.6), a.count, 0.01)
    return place([(s, one) for s in starts], length)


@sound("horn", ("a car horn", "a horn honking", "a vehicle horn"), ("pitch", "count"), ("honk", "honks"))
def horn(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Two reeds a third apart."""
    f = 400 * a.scale(rng)

    def honk() -> np.ndarray:
        n = int((0.25 if a.count else rng.uniform(0.2, 1.0)) * SAMPLE_RATE)
        return bandpass(tone(f, n, SAW) + tone(1.26 * f, n, SAW), 4 * f, 0.5) * _gate(n, 900)

    starts = event_times(rng, length / SAMPLE_RATE, 1.1, a.count or int(rng.integers(1, 4)), 0.1)
    return place([(s, honk()) for s in starts], length)


@sound(
    "laser",
    ("a laser", "a sci-fi laser shot", "a laser gun firing"),
    ("pitch", "speed", "count"),
    ("laser shot", "laser shots"),
)
def laser(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A tone that falls fast."""
    f = 2600 * a.scale(rng) ** 0.9
    n = int(rng.uniform(0.18, 0.3) * SAMPLE_RATE)
    end = rng.uniform(0.06, 0.15)
    one = tone(glide(f, f * end, n, 0.7), n, (1, 0.4, 0.3, 0.2)) * envelope(n, 0.002, 0.35)
    starts = event_times(rng, length / SAMPLE_RATE, 2.0 * a.tempo(rng), a.count, 0.08)
    return place([(s, one) for s in starts], length)


@sound("sonar", ("a sonar ping", "sonar", "a submarine ping"), ("pitch", "count"), ("ping", "pings"))
def sonar(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A pure ping and its long echo."""
    f = 1150 * a.scale(rng)
    n = int(1.6 * SAMPLE_RATE)
    dry = tone(f, n) * envelope(n, 0.005, 0.8)
    wet = reverberate(rng, dry, 1.6)
    one = dry + 0.3 * wet / (np.abs(wet).max() + 1e-9)
    starts = event_times(rng, length / SAMPLE_RATE, 0.6, a.count, 0.02)
    return place([(s, one) for s in starts], length)


@sound("powerup", ("a power-up sound", "a game power-up", "a rising video game sound"), ("pitch", "speed"))
def powerup(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """An arpeggio that climbs."""
    f, n = 420 * a.scale(rng), int(0.11 * SAMPLE_RATE / a.tempo(rng))
    scale = 2 ** (np.array([0, 4, 7, 12, 16, 19, 24]) / 12)
    notes = [(0.1 + i * n / SAMPLE_RATE, tone(f * r, n, SQUARE) * envelope(n, 0.003, 0.5)) for i, r in enumerate(scale)]
    return place(notes, length)


@sound("click", ("a click", "a button click", "a mouse click"), ("count", "pitch", "speed"), ("click", "clicks"))
def click(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A short dry transient."""
    f = 2300 * a.scale(rng) ** 0.8
    one = lambda: bandpass(burst(rng, 1500, 0.0003, 0.012), f * rng.uniform(0.95, 1.05), 2.5)
    count = a.count if a.count or a.speed != "medium" else int(rng.integers(1, 5))
    starts = event_times(rng, length / SAMPLE_RATE, 2.0 * a.tempo(rng), count, 0.1)
    return place([(s, one()) for s in starts], length)


@sound("buzzer", ("an error buzzer", "a buzzer", "a wrong answer buzzer"), ("pitch", "count"), ("buzz", "buzzes"))
def buzzer(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A harsh low saw."""
    f = 160 * a.scale(rng)
    n = int(rng.uniform(0.25, 0.32 if a.count else 0.8) * SAMPLE_RATE)
    one = np.tanh(2 * (tone(f, n, SAW) + tone(1.01 * f, n, SAW))) * _gate(n)
    starts = event_times(rng, length / SAMPLE_RATE, 1.2, a.count or int(rng.integers(1, 3)), 0.02)
    return place([(s, one) for s in starts], length)


@sound("static", ("radio static", "white noise", "static noise"), ("pitch",))
def static(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Hiss with crackles."""
    f = 3000 * a.scale(rng)
    crackle = grains(rng, length, 12, lambda: burst(rng, 300, 0.0002, 0.004), 1.0)
    return bandpass(noise(rng, length), f, 0.5) + 0.2 * bandpass(crackle, f, 0.5)


@sound("drone", ("a deep drone", "a synthesizer drone", "a humming drone", "an electric hum"), ("pitch",))
def drone(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Detuned saws that beat."""
    f = 110 * a.scale(rng)
    x = sum(tone(f * r, length, SAW, rng.uniform(0, 6)) for r in (1, 1.004, 0.5, 1.498))
    return bandpass(np.asarray(x), 5 * f, 0.4)
