"""Frames lie evenly around their centres, whatever the rate and however short the sound."""

import numpy as np
import pytest
import torch

from soundctm.audio.target import Feature
from soundctm.control.curves import curve_times
from soundctm.control.frames import frames, power_spectrum
from tests.oracles.curves import FEATURES, RATE, noise, read, sine


@pytest.mark.parametrize(
    ("length", "rate"), [(16000, 16000), (16001, 16000), (7999, 8000), (44100, 44100), (5000, 22050)]
)
def test_every_curve_has_a_value_every_ten_milliseconds(length: int, rate: int) -> None:
    times = curve_times(length, rate)
    x = 0.1 * torch.randn(2, 1, length, generator=torch.Generator().manual_seed(0))
    assert times[0] == 0 and times[-1] * rate <= length < (times[-1] + 0.0101) * rate
    assert np.allclose(np.diff(times), 0.01, atol=3e-5)
    for feature in FEATURES:
        assert read(feature, x, rate).shape == (2, len(times))


def test_frames_are_centred_and_held_at_the_ends() -> None:
    x = torch.arange(16000.0)[None, None]
    framed = frames(x, RATE, 0.04)
    assert framed.shape == (1, 101, 640)
    assert torch.equal(framed[0, 50], torch.arange(50 * 160 - 320, 50 * 160 + 320))
    assert torch.equal(framed[0, 0], framed[0, 2]) and torch.equal(framed[0, 2], torch.arange(640))
    assert torch.equal(framed[0, 100], framed[0, 98]) and torch.equal(framed[0, 98], torch.arange(15360, 16000))


@pytest.mark.parametrize("shape", [(1, 2, 16000), (1, 16000), (1, 1, 639)])
def test_frames_refuse_stereo_and_what_is_too_short(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected \[B, 1, length\] with a length from 640 up"):
        frames(torch.zeros(shape), RATE, 0.04)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 48000])
@pytest.mark.parametrize("more", [0, 1, 2, 55, 110, 111, 221, 882])
def test_a_sound_of_hardly_more_than_a_frame_has_all_its_frames(rate: int, more: int) -> None:
    """A tenth of a second is a frame at every rate, and each frame is made of neighbours in the sound."""
    shortest = 2 * round(rate * 0.1 / 2)
    length = shortest + more
    assert shortest <= round(0.1 * rate)
    framed = frames(torch.arange(float(length))[None, None], rate, 0.1)
    centres = np.arange(len(curve_times(length, rate))) * round(rate * 0.01)
    wanted = centres - shortest // 2
    whole = wanted[(wanted >= 0) & (wanted + shortest <= length)]
    starts = wanted.clip(whole[0], whole[-1]) if len(whole) else np.full_like(wanted, more)  # else the last there is
    assert framed.shape == (1, len(centres), shortest)
    assert np.array_equal(framed[0].numpy(), starts[:, None] + np.arange(shortest))


@pytest.mark.parametrize("rate", [11025, 22050])
@pytest.mark.parametrize("feature", FEATURES)
def test_a_tenth_of_a_second_has_every_curve(rate: int, feature: Feature) -> None:
    x = sine(1000.0, length=0.1, rate=rate)
    values = read(feature, x, rate)
    assert values.shape == (1, x.shape[-1] // round(rate * 0.01) + 1) and torch.isfinite(values).all()
    assert feature != "brightness" or (values - 1000).abs().max() < 20


def test_power_spectrum_obeys_parseval() -> None:
    x = noise(0.2).double()
    window = torch.hann_window(640, dtype=torch.float64)
    expected = (frames(x, RATE, 0.04) * window).square().sum(-1) / window.square().sum()
    assert torch.allclose(power_spectrum(x, RATE, 0.04).sum(-1), expected, rtol=1e-12)
