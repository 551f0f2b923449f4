"""The vocabulary of the procedural sounds: attributes, the registry of classes, and what distance and level do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from soundctm.training.data.procedural.primitives import SAMPLE_RATE, lowpass, reverberate

Pitch = Literal["low", "middle", "high"]
Speed = Literal["slow", "medium", "fast"]
Size = Literal["small", "medium", "large"]
Distance = Literal["near", "middle", "far"]
Kind = Literal["single", "sequence", "mixture", "counted"]
Loudness = Literal["quiet", "medium", "loud"]

LEVEL_DB = {"quiet": -36.0, "medium": -23.0, "loud": -14.0}  # RMS of the active part
DISTANCE_DB = {"near": 1.0, "middle": 0.0, "far": -9.0}


@dataclass(frozen=True)
class Attributes:
    """What is asked of a sound. ``count`` is the exact number of events, None where it is free."""

    pitch: Pitch = "middle"
    speed: Speed = "medium"
    size: Size = "medium"
    distance: Distance = "middle"
    loudness: Loudness = "medium"
    count: int | None = None
    surface: str | None = None

    def scale(self, rng: np.random.Generator) -> float:
        """Frequency factor of pitch and size: about 0.45 for low or large, 2.2 for high or small, 1 between."""
        octaves = {"low": -1.15, "middle": 0.0, "high": 1.15}[self.pitch]
        octaves += {"large": -1.0, "medium": 0.0, "small": 1.0}[self.size]
        return float(2.0 ** (octaves + rng.normal(0, 0.17)))

    def tempo(self, rng: np.random.Generator) -> float:
        """Rate factor of speed: about 0.45 for slow, 2.2 for fast, 1 between."""
        return float(2.0 ** ({"slow": -1.15, "medium": 0.0, "fast": 1.15}[self.speed] + rng.normal(0, 0.12)))


Synth = Callable[[np.random.Generator, Attributes, int], np.ndarray]
AttributeName = Literal["pitch", "speed", "size", "count"]


@dataclass(frozen=True)
class SoundClass:
    """A class of sounds: how it is called, which attributes its synthesis obeys, and the synthesis.

    ``events`` is the (singular, plural) noun of one event, for classes that count, as in "three knocks".
    """

    name: str
    nouns: tuple[str, ...]
    obeys: tuple[AttributeName, ...]
    synth: Synth
    events: tuple[str, str] | None = None
    surfaces: tuple[str, ...] = ()
    weight: float = 1.0


REGISTRY: dict[str, SoundClass] = {}


def sound(
    name: str,
    nouns: tuple[str, ...],
    obeys: tuple[AttributeName, ...] = (),
    events: tuple[str, str] | None = None,
    surfaces: tuple[str, ...] = (),
    weight: float = 1.0,
) -> Callable[[Synth], Synth]:
    """Register a synthesis function ``(rng, attributes, length) -> samples [length]`` under a class name."""

    def register(synth: Synth) -> Synth:
        if name in REGISTRY:
            raise ValueError(f"procedural class {name!r} is registered twice")
        REGISTRY[name] = SoundClass(name, nouns, obeys, synth, events, surfaces, weight)
        return synth

    return register


@dataclass(frozen=True)
class Sample:
    """One procedural training sound with what is true of it."""

    audio: np.ndarray
    caption: str
    classes: tuple[str, ...]
    kind: Kind
    attributes: Attributes = field(default_factory=Attributes)


def active_rms(x: np.ndarray, frame: int = 2205) -> float:
    """RMS over the frames that are within 30 dB of the loudest one."""
    frames = x[: len(x) // frame * frame].reshape(-1, frame)
    power = np.square(frames, dtype=np.float64).mean(1)
    return float(np.sqrt(power[power >= power.max(initial=0.0) * 1e-3].mean() + 1e-12))


def finish(rng: np.random.Generator, x: np.ndarray, a: Attributes) -> np.ndarray:
    """Place a raw sound in space and at its level: far is dull, reverberant and quieter; near is dry and close."""
    if a.distance == "far":
        wet = reverberate(rng, x, rng.uniform(1.0, 2.0))
        x = lowpass(0.5 * x / (active_rms(x) + 1e-9) + 1.0 * wet / (active_rms(wet) + 1e-9), rng.uniform(1300, 2200))
    elif a.distance == "middle" and rng.random() < 0.4:
        wet = reverberate(rng, x, rng.uniform(0.2, 0.8))
        x = x / (active_rms(x) + 1e-9) + rng.uniform(0.05, 0.25) * wet / (active_rms(wet) + 1e-9)
    level = LEVEL_DB[a.loudness] + DISTANCE_DB[a.distance] + rng.uniform(-2, 2)
    x = x * 10 ** (level / 20) / (active_rms(x) + 1e-9)
    x = x + 10 ** (-80 / 20) * rng.standard_normal(len(x))
    peak = float(np.abs(x).max())
    limit = 0.95
    if peak > limit:  # soft limit: impulses keep their loudness without clipping
        x = limit * np.tanh(x / limit * 1.2) / np.tanh(max(1.2, peak / limit * 1.2))
    return x.astype(np.float32)


def seconds(length: int) -> float:
    """Length in seconds of so many samples."""
    return length / SAMPLE_RATE
