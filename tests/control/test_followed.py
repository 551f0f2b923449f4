"""What is followed from recordings that no ear or no model could follow."""

import numpy as np
import pytest

from soundctm import Clip, UserError
from soundctm.control.target_checks import check_target
from soundctm.control.targets import from_recording


def hiss(low: float, high: float, rate: int, seconds: float = 1.0) -> Clip:
    """Noise between two frequencies in Hz, and next to nothing elsewhere."""
    length = round(rate * seconds)
    f = np.fft.rfftfreq(length, 1 / rate)
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(length)) * np.where((f > low) & (f < high), 1, 1e-4)
    x = np.fft.irfft(spectrum, length)
    return Clip((0.5 * x / np.abs(x).max()).astype(np.float32)[None], rate)


def test_brightness_of_ultrasound_is_held_to_what_a_sound_can_have() -> None:
    for low, high in ((30_000, 90_000), (24_000, 26_000)):
        target = from_recording(hiss(low, high, 192_000), "brightness", 0.9)
        check_target(target, 0.9, 44100)
        assert {value for _, value in target.points} == {22_050.0}


def test_brightness_below_that_is_as_it_was() -> None:
    clip = hiss(9_000, 11_000, 192_000)
    values = [value for _, value in from_recording(clip, "brightness", 0.9).points if value is not None]
    assert values and np.abs(np.array(values) - 10_000).max() < 300


@pytest.mark.parametrize("rate", [1, 100, 2999])
@pytest.mark.parametrize("feature", ["intensity", "brightness", "onsets", "pitch"])
def test_a_recording_of_a_rate_that_no_sound_has_is_refused(rate: int, feature: str) -> None:
    clip = Clip(np.full((1, 6000), 0.5, np.float32), rate)
    with pytest.raises(UserError, match=f"a sample rate of {rate:,} Hz; accepted are 3,000 to 768,000"):
        from_recording(clip, feature, 5.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [-1.0, 0.0, float("nan")])
def test_a_length_is_above_nothing(seconds: float) -> None:
    with pytest.raises(UserError, match=r"^seconds is .*; give the length of the sound"):
        from_recording(hiss(500, 2000, 8000), "intensity", seconds)
