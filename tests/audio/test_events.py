"""Events are counted by their loudness."""

import numpy as np
import pytest

from soundctm.audio.events import FLOORS, LOOKS, event_counts, events_heard, miscounted


def bursts(
    starts: list[float], rate: int = 44100, levels: list[float] | None = None, decay: float = 0.05
) -> np.ndarray:
    """Five seconds of noise that dies away from each start, at levels in dB."""
    rng, x = np.random.default_rng(0), np.zeros(5 * rate, np.float32)
    for start, level in zip(starts, levels or [0.0] * len(starts), strict=True):
        t = np.arange(len(x) - round(start * rate)) / rate
        x[round(start * rate) :] += 10 ** (level / 20) * np.exp(-t / decay) * rng.standard_normal(len(t))
    return 0.1 * x


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
@pytest.mark.parametrize("number", range(7))
def test_a_clear_number_is_heard_in_every_way_of_looking(number: int, rate: int) -> None:
    x = bursts([0.3 + 0.6 * i for i in range(number)], rate)
    for gain in (1.0, 1e-3):
        assert event_counts(gain * x, rate).tolist() == [number] * len(LOOKS) * len(FLOORS)
        assert miscounted(gain * x, rate, number) == 0.0 and miscounted(gain * x, rate, number + 1) == 1.0


def test_what_is_quieter_than_a_floor_is_no_event_above_it() -> None:
    """An event 22 dB under the loudest rises by 6 dB from two of the four floors, those of 30 and 35 dB."""
    x = bursts([0.5, 1.5, 2.5], levels=[0.0, -22.0, 0.0])
    assert miscounted(x, 44100, 3) == 0.5 == miscounted(x, 44100, 2)


def test_a_stroke_of_two_is_one_event_from_afar_and_two_from_near() -> None:
    near = bursts([1.0, 1.05, 3.0], decay=0.01), bursts([1.0, 1.13, 3.0], decay=0.01), bursts([1.0, 1.5, 3.0])
    assert [sorted(set(event_counts(x, 44100).tolist())) for x in near] == [[2], [2, 3], [3]]


def test_what_goes_on_is_one_event_and_silence_none() -> None:
    t = np.arange(5 * 44100) / 44100
    assert set(event_counts(0.3 * np.sin(2 * np.pi * 440 * t), 44100)) == {1}
    for silent in (np.zeros(44100), np.zeros(0)):
        assert set(event_counts(silent, 44100)) == {0}


def test_a_bell_that_rings_on_is_counted_by_its_strokes() -> None:
    assert set(event_counts(bursts([0.5, 1.5, 2.5], decay=0.35), 44100)) == {3}


def test_in_a_circle_it_does_not_matter_where_one_begins() -> None:
    x = bursts([0.3, 1.5, 2.7])
    for seconds in (0.0, 0.32, 1.52, 2.0, 2.72, 4.0):
        rolled = np.roll(x, -round(seconds * 44100))
        assert set(event_counts(rolled, 44100, circle=True)) == {3}, seconds
    assert 4 in event_counts(np.roll(x, -round(0.32 * 44100)), 44100), "on a line what goes over the end is two"


def test_what_is_heard_is_what_most_ways_find() -> None:
    assert events_heard(bursts([0.5, 1.5, 2.5], levels=[0.0, -17.0, 0.0]), 44100) == 3
    assert events_heard(bursts([0.5, 1.5, 2.5], levels=[0.0, -27.0, 0.0]), 44100) == 2
