"""Resampling keeps what both rates can hold, and nothing else."""

import numpy as np
import pytest

from soundctm.audio.resample import resample


def sine(f: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * f * np.arange(round(seconds * rate)) / rate).astype(np.float32)[None]


@pytest.mark.parametrize(("a", "b"), [(48000, 44100), (22050, 44100), (44100, 16000), (8000, 44100)])
def test_a_tone_stays_in_place(a: int, b: int) -> None:
    got, expected = resample(np.concatenate([sine(440, a), sine(1000, a)]), a, b), sine(440, b)
    assert got.shape == (2, round(a // 2 * b / a)) and got.dtype == np.float32
    middle = slice(b // 20, -b // 20)
    assert np.abs(got[0] - expected[0, : got.shape[1]])[middle].max() < 1e-3


def test_what_the_lower_rate_cannot_hold_goes() -> None:
    assert np.abs(resample(sine(12000, 44100), 44100, 16000)[:, 1000:-1000]).max() < 1e-4


def test_equal_rates_change_nothing_and_bad_ones_are_refused() -> None:
    x = sine(440, 8000)
    assert resample(x, 8000, 8000) is x
    with pytest.raises(ValueError, match="above 0"):
        resample(x, 8000, 0)
