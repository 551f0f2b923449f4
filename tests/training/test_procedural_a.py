"""Counts, order and rates of the procedural sounds of nature and living things, by measures that fit each class."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from soundctm.metrics.signal import level_db, onset_times, spectral_centroid
from soundctm.training.data.procedural import REGISTRY, Attributes, render
from soundctm.training.data.procedural.compose import NUMBERS, caption, counted, draw_attributes, sequence
from soundctm.training.data.procedural.primitives import event_times

RATE = 44100
HOP = 64
Measure = Callable[[np.ndarray], float]


def draw(name: str, seed: int, seconds: float = 3.0, **attributes: object) -> np.ndarray:
    a = Attributes(**attributes)  # type: ignore[arg-type]
    return render(np.random.default_rng(seed), name, a, round(seconds * RATE))


def share_above(name: str, more: dict[str, object], less: dict[str, object], measure: Measure) -> float:
    """Share of ten independent pairs in which ``more`` measures more than ``less``."""
    return float(np.mean([measure(draw(name, s, **more)) > measure(draw(name, s + 1000, **less)) for s in range(10)]))


def bumps(x: np.ndarray) -> int:
    """Events counted on the envelope smoothed by 50 ms: a shake within one long event is not an event of its own."""
    envelope = np.sqrt(np.square(x[: len(x) // HOP * HOP].reshape(-1, HOP)).mean(1))
    smooth = gaussian_filter1d(envelope, 0.05 * RATE / HOP)
    peaks, _ = find_peaks(smooth, height=0.18 * smooth.max(), prominence=0.12 * smooth.max())
    return len(peaks)


def onset_rate(x: np.ndarray) -> float:
    """Onsets a second."""
    return len(onset_times(x, RATE, 0.06)) / (len(x) / RATE)


def wander_rate(x: np.ndarray) -> float:
    """Mean rate, in octaves, at which the centre of the spectrum moves: the wail of a siren."""
    frames = np.lib.stride_tricks.sliding_window_view(x, 2048)[::512] * np.hanning(2048)
    power = np.square(np.abs(np.fft.rfft(frames)))
    centre = np.log2((power * np.arange(power.shape[1])).sum(1) / power.sum(1))
    moves = np.square(np.abs(np.fft.rfft((centre - centre.mean()) * np.hanning(len(centre)), 4 * len(centre))))
    f = np.fft.rfftfreq(4 * len(centre), 512 / RATE)
    keep = (f > 0.1) & (f < 12)
    return float((np.log2(f[keep]) * moves[keep]).sum() / moves[keep].sum())


def density(x: np.ndarray) -> float:
    """How evenly the energy fills 5 ms frames: many grains fill it, few leave it in lumps."""
    energy = np.square(x[: len(x) // 220 * 220].reshape(-1, 220)).mean(1)
    even = energy / (gaussian_filter1d(energy, 100) + 1e-12)
    return float(-np.var(even))


@pytest.mark.parametrize("name", [n for n, c in REGISTRY.items() if "size" in c.obeys and n != "rain"])
def test_small_is_brighter_than_large(name: str) -> None:
    centroid = lambda x: spectral_centroid(x, RATE)
    assert share_above(name, {"size": "small"}, {"size": "large"}, centroid) >= 0.9


@pytest.mark.parametrize(
    "name", ["dog", "bird", "frog", "heartbeat", "footsteps", "drip", "bubbles", "typing", "clock"]
)
def test_fast_events_come_more_often_than_slow_ones(name: str) -> None:
    assert share_above(name, {"speed": "fast"}, {"speed": "slow"}, onset_rate) >= 0.9


@pytest.mark.parametrize(("name", "measure"), [("applause", density), ("siren", wander_rate)])
def test_fast_textures_move_faster_than_slow_ones(name: str, measure: Measure) -> None:
    assert share_above(name, {"speed": "fast"}, {"speed": "slow"}, measure) >= 0.9


@pytest.mark.parametrize("name", ["cat", "owl", "frog", "whistle", "phone"])
@pytest.mark.parametrize("count", [1, 3, 6])
def test_long_events_are_counted_exactly(name: str, count: int) -> None:
    found = [bumps(draw(name, s, 5.0, count=count)) for s in range(3)]
    assert found == [count] * 3


@pytest.mark.parametrize("count", range(1, 7))
def test_counted_events_stand_apart_within_the_sound(count: int) -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        starts = event_times(rng, 5.0, float(rng.uniform(0.4, 6)), count, 0.25)
        assert len(starts) == count and starts[-1] < 4.6
        assert count == 1 or np.diff(starts).min() >= 0.35


@pytest.mark.parametrize("name", list(REGISTRY))
def test_loud_stands_well_above_quiet(name: str) -> None:
    loud, quiet = (level_db(draw(name, 5, 1.5, loudness=word)) for word in ("loud", "quiet"))
    assert loud > quiet + 10


def test_a_sequence_is_heard_and_said_in_its_order() -> None:
    """The class that is brighter by itself is the brighter part, and the words name the first class first."""
    hits = []
    for seed in range(60):
        sample = sequence(np.random.default_rng(seed), 3 * RATE)
        parts = re.split(", then |, after that | followed by | and then ", sample.caption)
        assert len(parts) == 2
        for name, words in zip(sample.classes, parts, strict=True):
            cls = REGISTRY[name]
            assert any(known.split()[-1] in words.split() for known in (*cls.nouns, *(cls.events or ()))), words
        alone = [spectral_centroid(draw(name, seed, 1.3), RATE) for name in sample.classes]
        if abs(alone[0] - alone[1]) > 2.5:  # octaves; closer classes cannot be told apart by brightness
            cut = [round(share * 3 * RATE) for share in (0.42, 0.58)]
            heard = [spectral_centroid(part, RATE) for part in (sample.audio[: cut[0]], sample.audio[cut[1] :])]
            hits.append((heard[0] > heard[1]) == (alone[0] > alone[1]))
    assert len(hits) >= 10 and np.mean(hits) >= 0.9


def test_captions_are_lower_case_and_say_the_count() -> None:
    for seed in range(300):
        rng = np.random.default_rng(seed)
        cls = list(REGISTRY.values())[seed % len(REGISTRY)]
        a = draw_attributes(rng, cls)
        text = caption(rng, cls, a)
        assert text == text.lower().strip() and "  " not in text
        if a.count is not None and cls.events is not None:
            numbers = ("one ", "a single ") if a.count == 1 else (("two", "three", "four", "five", "six")[a.count - 2],)
            assert text.startswith(numbers) and cls.events[a.count > 1] in text


def test_a_counted_sound_has_as_many_events_as_its_caption_says() -> None:
    """Heard on knocks, whose onsets are sharp."""
    found = []
    for seed in range(400):
        sample = counted(np.random.default_rng(seed), 5 * RATE)
        assert sample.attributes.count in range(1, 7) and NUMBERS[sample.attributes.count] in (
            sample.caption.replace("a single", "one").split()
        )
        if sample.classes == ("knock",):
            found.append(len(onset_times(sample.audio, RATE)) == sample.attributes.count)
    assert len(found) >= 5 and np.mean(found) >= 0.95
