"""Things that are hit, broken, shut or blown up."""

from collections.abc import Callable

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
    reverberate,
    strike,
    tone,
)

Rng = np.random.Generator
Hit = Callable[[], np.ndarray]
BAR = (1.0, 2.76, 5.4, 8.93, 13.3)
PLATE = (1.0, 1.58, 2.24, 2.92, 3.7, 4.6, 5.8, 7.1)
BELL = (0.5, 1.0, 1.19, 1.5, 2.0, 2.52, 3.0, 4.1, 5.4)


def _repeat(
    rng: Rng, a: Attributes, length: int, rate: float, one: Hit, free: tuple[int, int] | None = None
) -> np.ndarray:
    """Place hits at the attributes' speed and count; ``free`` is the range of counts where none is asked for."""
    count = a.count
    if count is None and free is not None:  # a speed is heard only between two events
        count = int(rng.integers(*free)) if a.speed == "medium" else int(rng.integers(2, max(free[1], 4)))
    starts = event_times(rng, length / SAMPLE_RATE, rate * a.tempo(rng), count, 0.07)
    return place([(s, one() * rng.uniform(0.75, 1)) for s in starts], length)


@sound(
    "knock",
    ("knocking on a door", "a knock on wood", "knocking"),
    ("speed", "size", "count"),
    ("knock", "knocks"),
    weight=2.5,
)
def knock(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Knuckles on a wooden door."""
    f = 190 * a.scale(rng)
    ratios = (1, 2.1, 3.3, 4.7, 7.5, 11)
    return _repeat(rng, a, length, 2.3, lambda: strike(rng, ratios, f, rng.uniform(0.1, 0.16), 9000, 0.5), (2, 6))


@sound(
    "hammer",
    ("hammering", "a hammer hitting a nail", "a hammer"),
    ("speed", "count", "size"),
    ("hammer blow", "hammer blows"),
)
def hammer(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Steel on a nail in wood."""
    f = 900 * a.scale(rng)
    wood = lambda: strike(rng, (1, 2.3, 3.9), 0.22 * f, 0.12, 8000)
    nail = lambda: np.pad(strike(rng, BAR, f * 1.3, 0.12, 6000), (0, 2000))
    return _repeat(rng, a, length, 2.0, lambda: wood() + 0.7 * nail())


@sound("metal", ("a metal hit", "metal clanging", "a metallic impact"), ("size", "count"), ("metal hit", "metal hits"))
def metal(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A struck sheet or pipe that rings on."""
    f = 420 * a.scale(rng)
    decay = rng.uniform(0.6, 1.6)
    return _repeat(rng, a, length, 0.9, lambda: strike(rng, PLATE, f, decay, int(1.6 * SAMPLE_RATE), 0.4), (1, 4))


@sound("glass_break", ("glass breaking", "shattering glass", "a window breaking"), ("size",))
def glass_break(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A crack, then shards that fall and ring."""
    k = a.scale(rng) ** 0.8
    n = int(1.6 * SAMPLE_RATE)
    shard = lambda: strike(rng, BAR[:3], rng.uniform(2200, 6500) * k, rng.uniform(0.05, 0.3), 6000, 0.2)
    falling = grains(rng, n, 160 * envelope(n, 0.02, 1.6 / k**0.4), shard, 0.8)
    crash = highpass(burst(rng, n, 0.001, 0.25), 1200 * k)
    return place([(rng.uniform(0.1, 0.6), falling + 2 * crash)], length)


@sound(
    "glass", ("a glass clinking", "clinking glasses", "a glass being tapped"), ("pitch", "count"), ("clink", "clinks")
)
def glass(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A struck wine glass."""
    f = 2100 * a.scale(rng) ** 0.8
    decay = rng.uniform(0.5, 1.3)
    return _repeat(
        rng, a, length, 1.4, lambda: strike(rng, (1, 2.32, 4.25, 6.6), f, decay, int(1.2 * SAMPLE_RATE), 0.8), (1, 4)
    )


@sound("door", ("a door slamming", "a door slam", "a door shutting"), ("size", "count"), ("door slam", "door slams"))
def door(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A latch, then the thud of wood against its frame and the room."""
    k = a.scale(rng)
    n = int(0.9 * SAMPLE_RATE)

    def slam() -> np.ndarray:
        thud = resonances(burst(rng, n, 0.002, 0.35, 0.3), [(85 * k, 3, 2), (210 * k, 4, 1), (520 * k, 4, 0.5)])
        latch = 0.15 * highpass(burst(rng, n, 0.001, 0.02), 2000)
        return thud + latch + 0.3 * reverberate(rng, thud, 0.6) / 30

    return _repeat(rng, a, length, 0.8, slam, (1, 3))


@sound("creak", ("a door creaking", "a creaking door", "a wooden creak"), ("pitch", "speed"))
def creak(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Stick and slip: a slow pulse train that speeds up and slows down, through wood."""
    k = a.scale(rng)
    n = int(rng.uniform(1.2, 2.2) * SAMPLE_RATE / a.tempo(rng) ** 0.5)
    rate = 55 * a.tempo(rng) * np.exp(0.7 * np.sin(np.pi * np.linspace(0, 2, n) + rng.uniform(0, 6)))
    x = resonances(pulses(rng, rate, n, 0.4), [(620 * k, 14, 1), (1250 * k, 14, 0.9), (2350 * k, 12, 0.5)])
    return place([(rng.uniform(0.1, 0.8), x * np.hanning(n) ** 0.5)], length)


@sound("thud", ("a heavy thud", "a thud", "something falling on the floor"), ("size", "count"), ("thud", "thuds"))
def thud(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A soft heavy body on a floor."""
    f = 75 * a.scale(rng)
    n = int(0.5 * SAMPLE_RATE)
    one = lambda: (
        tone(glide(1.6 * f, 0.8 * f, n), n) * envelope(n, 0.004, 0.3) + lowpass(burst(rng, n, 0.002, 0.1), 5 * f)
    )
    return _repeat(rng, a, length, 0.9, one, (1, 3))


@sound("coins", ("coins dropping", "coins jingling", "dropped coins"), ("speed",))
def coins(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Small discs that ring and bounce."""
    coin = lambda: strike(rng, (1, 1.7, 2.4, 3.9), rng.uniform(3500, 6500), rng.uniform(0.1, 0.4), 14000, 0.4)
    return grains(rng, length, 6 * a.tempo(rng) * envelope(length, 0.2, 6.0), coin, 0.5)


@sound("explosion", ("an explosion", "a blast", "a bomb exploding"), ("size", "count"), ("explosion", "explosions"))
def explosion(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A pressure front, a boom that sinks, and debris."""
    k = a.scale(rng)
    n = int(2.4 * SAMPLE_RATE)

    def one() -> np.ndarray:
        boom = lowpass(burst(rng, n, 0.004, 1.6 / k**0.4, 0.5), 320 * k) * 3 + tone(
            glide(90 * k, 30 * k, n), n
        ) * envelope(n, 0.01, 1.0)
        debris = grains(
            rng, n, 40 * envelope(n, 0.3, 3), lambda: bandpass(burst(rng, 900, 0.001, 0.02), 1800 * k, 1), 0.8
        )
        return np.tanh(1.5 * (boom + 0.3 * debris + lowpass(burst(rng, n, 0.001, 0.15), 4000 * k)))

    return _repeat(rng, a, length, 0.7, one, (1, 2))


@sound("gunshot", ("a gunshot", "gunfire", "a shot from a gun"), ("speed", "count"), ("gunshot", "gunshots"))
def gunshot(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A sharp crack with an echo."""
    n = int(0.8 * SAMPLE_RATE)
    f = rng.uniform(900, 1800)

    def shot() -> np.ndarray:
        crack = burst(rng, n, 0.0004, 0.09) + 2 * lowpass(burst(rng, n, 0.001, 0.2), 0.3 * f)
        tail = reverberate(rng, crack, rng.uniform(0.5, 1.0))
        return np.tanh(2 * crack) + 0.25 * lowpass(tail, 2.5 * f) / (np.abs(tail).max() + 1e-9)

    return _repeat(rng, a, length, 1.5, shot, (1, 5))


@sound("whoosh", ("a whoosh", "a swoosh", "something flying past"), ("pitch", "speed", "count"), ("whoosh", "whooshes"))
def whoosh(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """Air moved fast: a band of noise that rises and falls."""
    f = 900 * a.scale(rng)
    n = int(rng.uniform(0.7, 1.0) * SAMPLE_RATE / a.tempo(rng) ** 0.9)

    def one() -> np.ndarray:
        x = noise(rng, n, 0.3)
        lower, upper = bandpass(x, 0.7 * f, 1.2), bandpass(x, 2.2 * f, 1.5)
        return lower * np.hanning(n) + 0.8 * upper * np.hanning(n) ** 3

    return _repeat(rng, a, length, 0.8, one, (1, 4))


@sound(
    "bell",
    ("a bell ringing", "a bell", "a church bell"),
    ("pitch", "size", "speed", "count"),
    ("bell ring", "bell rings"),
)
def bell(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A cast bell with hum, prime, minor third, fifth and octave."""
    f = 520 * a.scale(rng)
    decay = rng.uniform(1.5, 3.0)
    return _repeat(rng, a, length, 0.9, lambda: strike(rng, BELL, f, decay, int(2.2 * SAMPLE_RATE), 0.6), (1, 4))


@sound("drum", ("a drum", "drumming", "a drum beat"), ("speed", "pitch", "count"), ("drum hit", "drum hits"))
def drum(rng: Rng, a: Attributes, length: int) -> np.ndarray:
    """A membrane: a tone that sinks, and the stroke."""
    f = 110 * a.scale(rng)
    n = int(0.4 * SAMPLE_RATE)
    one = lambda: (
        (tone(glide(1.5 * f, f, n, 0.4), n) + 0.4 * tone(1.59 * f, n)) * envelope(n, 0.002, 0.35)
        + 0.3 * lowpass(burst(rng, n, 0.001, 0.03), 12 * f)
    )
    return _repeat(rng, a, length, 2.2, one)
