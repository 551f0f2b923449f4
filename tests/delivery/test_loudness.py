"""Loudness and true peak: closed forms, the EBU's test signals, ffmpeg."""

from collections.abc import Callable
from math import inf, log10
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from soundctm import UserError
from soundctm.delivery.loudness import measure, true_peak

DUAL = 20 * log10(2**0.5)


def sine(hertz: float, level: float, seconds: float, rate: int, phase: float = 0.0) -> np.ndarray:
    """A sine whose peak is at ``level`` dBFS, float64 ``[length]``."""
    t = np.arange(round(seconds * rate)) / rate
    return 10 ** (level / 20) * np.sin(2 * np.pi * hertz * t + np.radians(phase))


def noise(seconds: float, rate: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, round(seconds * rate))).clip(-5, 5)


# ---- closed forms


@pytest.mark.parametrize("rate", [16000, 22050, 32000, 44100, 48000, 96000])
def test_the_sine_of_the_recommendation(rate: int) -> None:
    found = measure(sine(997, 0.0, 2, rate)[None], rate)
    assert found.integrated == pytest.approx(-3.01, abs=0.02 if rate >= 44100 else 0.05)
    assert found.momentary == pytest.approx(-3.01, abs=0.02 if rate >= 44100 else 0.05)
    assert found.true_peak == pytest.approx(0.0, abs=0.02)


@given(st.floats(-40, 12), st.integers(0, 9), st.sampled_from([0.1, 0.41, 1.3, 3.2]))
@settings(max_examples=15, deadline=None)
def test_a_gain_moves_every_figure_by_itself(gain: float, seed: int, seconds: float) -> None:
    samples = noise(seconds, 8000, seed=seed)
    before, after = measure(samples, 8000), measure(samples * 10 ** (gain / 20), 8000)
    for name in ("integrated", "momentary", "short_term", "true_peak"):
        first, then = getattr(before, name), getattr(after, name)
        assert first is None if then is None else then - first == pytest.approx(gain, abs=1e-6)
    assert (before.range is None) == (seconds < 3) and after.range == (
        None if before.range is None else pytest.approx(before.range, abs=1e-6)
    )


def test_two_channels_add_their_power_whatever_their_order() -> None:
    one, two = noise(1, 44100, seed=1), 0.3 * noise(1, 44100, seed=2)
    assert measure(np.vstack([one, one]), 44100).integrated - measure(one, 44100).integrated == pytest.approx(DUAL)
    assert measure(np.vstack([one, two]), 44100) == measure(np.vstack([two, one]), 44100)


def test_silence_has_no_level() -> None:
    for length in (100, 8000, 40000):
        found = measure(np.zeros((1, length)), 8000)
        assert (found.integrated, found.momentary, found.true_peak) == (-inf, -inf, -inf)
    quiet = measure(sine(997, -90, 1, 8000)[None], 8000)
    assert quiet.integrated == -inf and quiet.momentary == pytest.approx(-93, abs=0.1)


def test_a_constant_offset_is_hardly_heard() -> None:
    samples = noise(3, 44100)
    assert measure(samples + 0.2, 44100).integrated == pytest.approx(measure(samples, 44100).integrated, abs=0.5)


@pytest.mark.parametrize(
    ("samples", "rate"),
    [
        (np.zeros((3, 9000)), 8000),
        (np.zeros(9000), 8000),
        (np.zeros((1, 0)), 8000),
        (np.zeros((1, 900)), 2000),
        (np.full((1, 900), np.nan), 8000),
    ],
)
def test_what_cannot_be_measured_is_refused(samples: np.ndarray, rate: int) -> None:
    with pytest.raises(UserError):
        measure(samples, rate)


# ---- the test signals of EBU Tech 3341 (2016) and 3342, in stereo, at a rate that keeps the tests short

RATE = 16000
SIGNALS: dict[str, tuple[list[tuple[float, float]], float]] = {
    "1": ([(-23, 20)], -23),
    "2": ([(-33, 20)], -33),
    "3": ([(-36, 10), (-23, 60), (-36, 10)], -23),
    "4": ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
    "5": ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
}
RANGES: dict[str, tuple[list[tuple[float, float]], float]] = {
    "1": ([(-20, 20), (-30, 20)], 10),
    "2": ([(-20, 20), (-15, 20)], 5),
    "3": ([(-40, 20), (-20, 20)], 20),
    "4": ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
}


def steps(parts: list[tuple[float, float]]) -> np.ndarray:
    """1 kHz at one level after another, in both channels."""
    joined = np.concatenate([sine(1000, level, seconds, RATE) for level, seconds in parts])
    return np.repeat(joined[None].astype(np.float32), 2, axis=0)


@pytest.mark.parametrize("case", list(SIGNALS))
def test_loudness_of_the_ebu_signals(case: str) -> None:
    parts, wanted = SIGNALS[case]
    assert measure(steps(parts), RATE).integrated == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize("case", list(RANGES))
def test_loudness_range_of_the_ebu_signals(case: str) -> None:
    parts, wanted = RANGES[case]
    assert measure(steps(parts), RATE).range == pytest.approx(wanted, abs=1)


@pytest.mark.parametrize(
    ("divisor", "phase", "amplitude", "wanted"),
    [(4, 0, 0.5, -6.0), (4, 45, 0.5, -6.0), (6, 60, 0.5, -6.0), (8, 67.5, 0.5, -6.0), (4, 45, 1.41, 3.0)],
)
@pytest.mark.parametrize("rate", [44100, 48000])
def test_true_peak_of_the_ebu_signals(divisor: int, phase: float, amplitude: float, wanted: float, rate: int) -> None:
    tone = sine(rate / divisor, 20 * log10(amplitude), 0.2, rate, phase)
    fade = np.minimum(1, np.arange(len(tone)) / 2000)
    found = true_peak((tone * fade * fade[::-1])[None], rate)
    assert wanted - 0.4 <= found <= wanted + 0.2


# ---- true peak


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 300), st.sampled_from([8000, 22050, 44100, 48000, 96000, 11000, 44099])
)
@settings(max_examples=25, deadline=None)
def test_no_sample_lies_above_the_true_peak(seed: int, length: int, rate: int) -> None:
    samples = np.random.default_rng(seed).uniform(-1, 1, (1, length))
    assert true_peak(samples, rate) >= 20 * log10(np.abs(samples).max()) - 1e-9


def test_a_peak_between_samples_is_found_wherever_it_lies() -> None:
    rate, wanted = 44100, 20 * log10(4 / np.pi)  # two equal neighbours of an ideal reconstruction
    for length in (1000, 44100, 130001):
        for at in (0, length // 2, length - 2):
            samples = np.zeros((1, length), dtype=np.float32)
            samples[0, at : at + 2] = 1.0
            assert true_peak(samples, rate) == pytest.approx(wanted, abs=0.15)  # read 4.35 times a sample


# ---- clips shorter than a block


def test_a_short_clip_measures_as_if_repeated_without_end() -> None:
    for seconds in (0.013, 0.1, 0.25, 0.399):
        clip = noise(seconds, 44100, channels=2, seed=3)
        found = measure(clip, 44100)
        assert found.ungated and found.short_term is None and found.range is None
        assert found.momentary == found.integrated
        long = np.tile(clip, round(8 / seconds))
        assert measure(long, 44100).integrated == pytest.approx(found.integrated, abs=0.05)


def test_a_short_clip_that_is_repeated_stays_as_loud() -> None:
    clip = noise(0.08, 44100)
    for times in (2, 3, 4):
        assert measure(np.tile(clip, times), 44100).integrated == pytest.approx(
            measure(clip, 44100).integrated, abs=1e-3
        )


def test_nothing_leaps_at_400_milliseconds() -> None:
    clip = noise(0.401, 44100)
    short, long = measure(clip[:, : round(0.3999 * 44100)], 44100), measure(clip, 44100)
    assert short.ungated and not long.ungated
    assert short.integrated == pytest.approx(long.integrated, abs=0.1)


# ---- ffmpeg


def _written(samples: np.ndarray, rate: int, folder: Path) -> Path:
    path = folder / "measured.wav"
    soundfile.write(path, samples.T, rate, subtype="DOUBLE")
    return path


def _signal(kind: str, rate: int, channels: int) -> np.ndarray:
    """Float64 ``[channels, length]``; what would be cut off while it sounds is faded, as a cut has a peak of its own,
    of which meters see more or less."""
    rng = np.random.default_rng(len(kind))
    t = np.arange(3 * (rate // 2)) / rate
    if kind == "clicks":
        clicks = np.zeros((channels, 2 * rate))
        clicks[:, rng.integers(100, 2 * rate - 100, 12)] = rng.uniform(-1, 1, 12)
        clicks[:, rate : rate + 2] = 0.9
        return clicks
    made = {
        "noise": lambda: 0.2 * rng.standard_normal((channels, len(t))).clip(-4, 4),
        "tone": lambda: np.repeat(0.5 * np.sin(2 * np.pi * 997 * t)[None], channels, 0),
        "high tone": lambda: np.repeat(0.7 * np.sin(2 * np.pi * 0.31 * rate * t)[None], channels, 0),
        "low tone": lambda: np.repeat(0.7 * np.sin(2 * np.pi * 40 * t)[None], channels, 0),
        "steps": lambda: rng.standard_normal((channels, len(t))).clip(-4, 4) * np.repeat([0.001, 0.2, 0.02], rate // 2),
        "short": lambda: 0.2 * rng.standard_normal((channels, round(0.45 * rate))).clip(-4, 4),
    }[kind]()
    fade = np.minimum(1, np.arange(made.shape[1]) / 1000)
    return made * fade * fade[::-1]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("kind", ["noise", "tone", "high tone", "low tone", "clicks", "steps", "short"])
def test_ffmpeg_measures_the_same(
    kind: str, rate: int, channels: int, by_ffmpeg: Callable[[Path], tuple[float, float]], tmp_path: Path
) -> None:
    samples = _signal(kind, rate, channels)
    loudness, peak = by_ffmpeg(_written(samples, rate, tmp_path))
    found = measure(samples, rate)
    assert found.integrated == pytest.approx(loudness, abs=0.02)  # 0.1 LU is asked for
    assert found.true_peak == pytest.approx(peak, abs=0.05)  # 0.1 dB is asked for


@pytest.mark.parametrize("seconds", [0.05, 0.13, 0.37])
def test_ffmpeg_measures_a_short_clip_the_same_when_it_is_repeated(
    seconds: float, by_ffmpeg: Callable[[Path], tuple[float, float]], tmp_path: Path
) -> None:
    clip = noise(seconds, 48000, seed=5)
    clip *= np.exp(-np.arange(clip.shape[1]) / 2000)
    loudness, _ = by_ffmpeg(_written(np.tile(clip, round(10 / seconds)), 48000, tmp_path))
    assert measure(clip, 48000).integrated == pytest.approx(loudness, abs=0.1)
