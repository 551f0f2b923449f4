"""Pitch of known tones, and none where there is none."""

import math

import numpy as np
import pytest
import torch

from soundctm.control.curves import curve_times
from soundctm.control.pitch import voiced
from tests.oracles.curves import RATE, harmonic, noise, read, seconds, sine, wave


@pytest.mark.parametrize("hertz", [60.0, 97.0, 220.0, 441.0, 1234.0, 2000.0])
def test_pitch_of_known_tones(hertz: float) -> None:
    for x, cents in ((sine(hertz, rate=44100), 33), (harmonic(hertz, range(1, 15), 44100), 10)):
        assert (1200 * torch.log2(read("pitch", x, 44100) / hertz)).abs().max() < cents
        assert voiced(x, 44100).all()


def test_pitch_of_a_missing_fundamental_and_in_noise() -> None:
    bare, noisy = harmonic(200, range(2, 10)), harmonic(200, range(1, 10)) + noise(amplitude=0.01)
    assert (1200 * torch.log2(read("pitch", bare) / 200)).abs().max() < 20
    assert (1200 * torch.log2(read("pitch", noisy) / 200)).abs().max() < 30


def test_pitch_follows_a_glide() -> None:
    t = seconds(1.0)
    x = wave(0.3 * np.sign(np.sin(2 * np.pi * 200 * (2**t - 1) / math.log(2))))
    expected = 200 * 2 ** curve_times(RATE, RATE)
    assert np.abs(12 * np.log2(read("pitch", x)[0].numpy() / expected))[6:-6].max() < 0.3


def test_noise_and_silence_have_no_pitch() -> None:
    brown = wave(np.cumsum(np.random.default_rng(0).standard_normal(2 * RATE)) / 1000)
    assert voiced(brown, RATE).float().mean() < 0.05
    assert not voiced(noise(2.0), RATE).any() and not voiced(torch.zeros(1, 1, RATE), RATE).any()
    assert (read("pitch", torch.zeros(1, 1, RATE)) - 346.8).abs().max() < 1
