"""Engines, tools and clockwork."""

import numpy as np

from soundctm.training.data.procedural.base import Attributes, sound
from soundctm.training.data.procedural.primitives import (
    SAMPLE_RATE,
    bandpass,
    burst,
    event_times,
    highpass,
    lowpass,
    noise,
    place,
    pulses,
    resonances,
    slow_noise,
    strike,
    times,
    tone,
)

Rng = np.random.Generator


def motor(rng: Rng, rate: np.ndarray, colour: float, rough: float = 0.3) -> np.ndarray:
    """Exhaust pulses at ``rate`` per second through a muffler tuned around ``colour`` Hz."""
    n = len(rate)
    source = pulses(rng, rate, n, rough) + 0.02 * noise(rng, n)
    x = resonances(source, [(colour, 2, 1), (2.7 * colour, 3, 0.7), (6.5 * colour, 2, 0.5)])
    return np.tanh(8 * x / (np.abs(x).max() + 1e-9))


@sound("engine", ("an engine running", "a car engine", "an engine idling", "a motor"), ("pitch", "speed", "size"))
def engine(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A combustion engine, now and then revved."""
    k = a.scale(rng)
    rate = 38 * k**0.5 * a.tempo(rng) * (1 + 0.04 * slow_noise(rng, length, 1.5))
    if rng.random() < 0.3:
        rate = rate * (1 + 0.8 * np.clip(slow_noise(rng, length, 0.7), 0, 2))
    return motor(rng, rate, 150 * k)


@sound("helicopter", ("a helicopter", "a helicopter flying", "helicopter blades"), ("speed", "size"))
def helicopter(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Blades that chop the air over a turbine's whine."""
    k = a.scale(rng) ** 0.8
    phase = np.mod(np.cumsum(np.full(length, 13 * a.tempo(rng))) / SAMPLE_RATE, 1)
    chop = np.exp(-phase * 7)
    air = lowpass(noise(rng, length, 0.4), 900 * k) * chop + 1.5 * lowpass(chop - chop.mean(), 180 * k)
    return air * (1 + 0.15 * slow_noise(rng, length, 1)) + 0.02 * tone(1900 * k, length)


@sound("chainsaw", ("a chainsaw", "a chainsaw running", "a chainsaw cutting"), ("pitch", "speed"))
def chainsaw(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A small two-stroke engine, high and harsh, that bogs down in the wood."""
    k = a.scale(rng)
    load = 1 + 0.25 * slow_noise(rng, length, 1.2)
    x = motor(rng, 95 * k * a.tempo(rng) ** 0.6 * load, 480 * k, 0.5)
    return x + 0.15 * highpass(noise(rng, length), 2500 * k) * np.abs(x)


@sound("drill", ("a drill", "an electric drill", "drilling"), ("pitch", "count"), ("drill burst", "drill bursts"))
def drill(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A whine that spins up, holds and spins down."""
    f = 330 * a.scale(rng)

    def run() -> np.ndarray:
        n = int(rng.uniform(0.5, 0.8 if a.count else 1.6) * SAMPLE_RATE)
        shape = np.clip(np.minimum(np.linspace(0, 6, n), np.linspace(6, 0, n)), 0, 1)
        return (
            tone(f * (0.4 + 0.6 * shape), n, (1, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2))
            + 0.5 * bandpass(noise(rng, n), 5 * f, 1)
        ) * shape

    starts = event_times(rng, length / SAMPLE_RATE, 0.9, a.count or int(rng.integers(1, 4)), 0.1)
    return place([(s, run()) for s in starts], length)


@sound(
    "clock",
    ("a clock ticking", "a ticking clock", "clock ticks"),
    ("speed", "pitch", "size", "count"),
    ("tick", "ticks"),
)
def clock(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Tick and tock of an escapement."""
    f = 1900 * a.scale(rng) ** 0.8
    tick = lambda ratio: strike(rng, (1, 2.2, 3.7), f * ratio, 0.03, 2500, 0.3)
    starts = event_times(rng, length / SAMPLE_RATE, 2.1 * a.tempo(rng), a.count, 0.005)
    return place([(s, tick(1.0 if i % 2 else 0.85)) for i, s in enumerate(starts)], length)


@sound("typing", ("typing on a keyboard", "keyboard typing", "someone typing"), ("speed",))
def typing(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Keys pressed and let go."""
    f = rng.uniform(1500, 2600)

    def key() -> np.ndarray:
        press = bandpass(burst(rng, 3500, 0.0005, 0.02), f * rng.uniform(0.8, 1.3), 1.5)
        return press + 0.5 * np.roll(press, int(rng.integers(1500, 3000)))

    starts = event_times(rng, length / SAMPLE_RATE, 6 * a.tempo(rng), None, 0.45)
    return place([(s, key() * rng.uniform(0.5, 1)) for s in starts], length)


@sound("train", ("a train passing", "a train on tracks", "a steam train"), ("speed", "size"))
def train(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Wheels over rail joints above a rumble."""
    k = a.scale(rng) ** 0.7
    clack = lambda: resonances(burst(rng, 6000, 0.002, 0.09), [(260 * k, 4, 1), (900 * k, 5, 0.6), (2300 * k, 4, 0.3)])
    period = 0.95 / a.tempo(rng)
    starts = [
        s + d
        for s in np.arange(rng.uniform(0, 0.3), length / SAMPLE_RATE, period)
        for d in (0, 0.16 * period, 0.48 * period)
    ]
    rumble = lowpass(noise(rng, length, 0.6), 220 * k)
    return 2.2 * place([(s, clack() * rng.uniform(0.7, 1)) for s in starts], length) + 0.25 * rumble


@sound("fan", ("a fan", "a ventilation fan", "an air conditioner"), ("pitch", "speed"))
def fan(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Steady air with the beat of blades."""
    k = a.scale(rng)
    beat = 1 + 0.35 * np.sin(2 * np.pi * 9 * a.tempo(rng) * times(length))
    return bandpass(noise(rng, length, 0.3), 500 * k, 0.6) * beat + 0.15 * tone(110 * k, length, (1, 0.5, 0.3))


@sound("vacuum", ("a vacuum cleaner", "vacuuming", "a hoover running"), ("pitch",))
def vacuum(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A motor's whine in rushing air."""
    f = 420 * a.scale(rng)
    whine = tone(f * (1 + 0.01 * slow_noise(rng, length, 2)), length, (1, 0.5, 0.35, 0.2, 0.15))
    return 0.5 * whine + bandpass(noise(rng, length), 3.2 * f, 0.5)
