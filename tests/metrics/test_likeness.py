"""Likeness: what sounds alike lies close, whatever the file looks like."""

import tracemalloc

import numpy as np

from soundctm import Clip
from soundctm.audio.resample import resample
from soundctm.metrics.likeness import Likeness

RATE = 44100
LIKENESS = Likeness()


def noise(seed: int) -> np.ndarray:
    """A second of white noise, ``[1, length]``."""
    return np.random.default_rng(seed).normal(0, 0.1, (1, RATE)).astype(np.float32)


def tone(hertz: float) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)).astype(np.float32)[None]


def cosine(a: Clip, b: Clip) -> float:
    x, y = LIKENESS(a), LIKENESS(b)
    assert x is not None and y is not None
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


def test_draws_of_one_noise_are_more_alike_than_noise_and_a_tone() -> None:
    alike = cosine(Clip(noise(0), RATE), Clip(noise(1), RATE))
    assert alike > 0.95
    assert cosine(Clip(noise(0), RATE), Clip(tone(880.0), RATE)) < alike - 0.3


def test_channels_and_rate_of_a_file_do_not_matter() -> None:
    sound = tone(440.0) + 0.01 * noise(2)
    plain = Clip(sound, RATE)
    assert cosine(plain, Clip(np.repeat(sound, 2, axis=0), RATE)) > 0.9999
    assert cosine(plain, Clip(resample(sound, RATE, 48000), 48000)) > 0.99


def test_a_click_has_a_place_and_silence_has_none() -> None:
    click = np.zeros((1, 200), np.float32)
    click[0, 100] = 0.9
    embedding = LIKENESS(Clip(click, RATE))
    assert embedding is not None and np.isfinite(embedding).all()
    assert LIKENESS(Clip(np.zeros((1, RATE), np.float32), RATE)) is None


def test_only_what_is_heard_takes_memory() -> None:
    """Ten minutes of stereo take no more than their first one, and sound like it."""
    minute = np.random.default_rng(0).normal(0, 0.1, (2, 61 * 22050)).astype(np.float32)
    long = Clip(np.concatenate([minute, np.zeros((2, 539 * 22050), np.float32)], axis=1), 22050)
    LIKENESS(Clip(minute, 22050))
    tracemalloc.start()
    try:
        assert cosine(long, Clip(minute, 22050)) > 0.99999
        assert tracemalloc.get_traced_memory()[1] < long.samples.nbytes
    finally:
        tracemalloc.stop()
