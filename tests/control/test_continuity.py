"""What is invented is held to the level of what it goes on from, and otherwise left alone."""

import numpy as np
import pytest

from soundctm.control.continuity import ABOVE, BELOW, continuing

RATE, CUTOFF, LENGTH = 16000, 2000.0, 32000


def band(edges: tuple[float, float], seed: int) -> np.ndarray:
    """Noise ``[1, 1, length]`` of power 1 per bin within a band around the cut-off."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(LENGTH))
    f = np.fft.rfftfreq(LENGTH, 1 / RATE)
    inside = (f >= edges[0] * CUTOFF) & (f <= edges[1] * CUTOFF)
    return np.fft.irfft(spectrum / np.abs(spectrum).mean() * inside * 100, n=LENGTH)[None, None]


KEPT, INVENTED = band((0.1, 1.0), 0), band((1.0, 3.0), 1)


def test_what_is_no_louder_is_left_alone() -> None:
    assert (continuing(KEPT, INVENTED, CUTOFF, RATE) == 1).all()


@pytest.mark.parametrize("louder", [20.0, 40.0])
def test_what_is_too_loud_comes_down_to_the_excess(louder: float) -> None:
    loud = INVENTED * 10 ** (louder / 20)
    gain = continuing(KEPT, loud, CUTOFF, RATE, excess=10.0)
    db = 20 * np.log10(np.median(gain))
    assert db == pytest.approx(10.0 - louder, abs=1.0) and gain.max() < 1
    assert continuing(KEPT, gain * loud, CUTOFF, RATE, excess=10.0).min() > 0.8


def test_a_pause_stays_a_pause() -> None:
    kept = KEPT.copy()
    kept[..., 12000:20000] *= 1e-4
    gain = continuing(kept, INVENTED, CUTOFF, RATE)[0, 0]
    assert gain[14000:18000].max() < 1e-2 and (gain[:10000] == 1).all() and (gain[22000:] == 1).all()


def test_silence_invents_nothing_and_nothing_needs_no_gain() -> None:
    assert (continuing(0 * KEPT, INVENTED, CUTOFF, RATE) == 0).all()
    assert (continuing(KEPT, 0 * INVENTED, CUTOFF, RATE) == 1).all()


def test_sounds_are_circles() -> None:
    loud = 30 * INVENTED
    moved = continuing(np.roll(KEPT, 9000, -1), np.roll(loud, 9000, -1), CUTOFF, RATE)
    np.testing.assert_allclose(np.roll(moved, -9000, -1), continuing(KEPT, loud, CUTOFF, RATE), atol=1e-9)


def test_where_nothing_lies_above_there_is_nothing_to_hold() -> None:
    assert (continuing(0 * KEPT, INVENTED, RATE / 2 / ABOVE[0], RATE) == 1).all()
    assert BELOW[1] < 1 < ABOVE[0]
