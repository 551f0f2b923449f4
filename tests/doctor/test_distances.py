"""Distances that say how far two sounds are apart, and not how they were rounded."""

import math

import pytest
import torch

from soundctm.doctor.distances import FLOOR_DB, decibels, octave_levels, relative

RATE = 44100


def noise(seed: int) -> torch.Tensor:
    return torch.randn(RATE // 2, generator=torch.Generator().manual_seed(seed))


def test_relative_is_a_share_of_what_is_wanted() -> None:
    wanted = noise(0)
    assert relative(1.25 * wanted, wanted) == pytest.approx(0.25)
    assert relative(torch.zeros_like(wanted), wanted) == pytest.approx(1.0)
    assert relative(noise(1), wanted) == pytest.approx(math.sqrt(2), rel=0.02)
    assert relative(wanted * torch.nan, wanted) is None


def test_a_gain_is_so_many_decibels() -> None:
    assert decibels(0.5 * noise(0), noise(0), RATE) == pytest.approx(20 * math.log10(2), rel=1e-6)
    assert decibels(noise(0), noise(0), RATE) == 0.0
    assert decibels(noise(0) * torch.inf, noise(0), RATE) is None


def test_phases_do_not_count() -> None:
    """A partial in each of six octaves, with other phases: another waveform, the same levels."""
    t = torch.arange(RATE // 2, dtype=torch.float64) / RATE
    partials = [200 * 2.1**k for k in range(6)]
    one = torch.stack([torch.sin(2 * math.pi * f * t) for f in partials]).sum(0)
    other = torch.stack([torch.sin(2 * math.pi * f * t + k * k) for k, f in enumerate(partials)]).sum(0)
    apart, levels = relative(other, one), decibels(other, one, RATE)
    assert apart is not None and levels is not None and apart > 0.5 and levels < 0.5


def test_what_nobody_hears_does_not_count() -> None:
    tone = torch.sin(torch.arange(RATE // 2) * 0.05)
    levels = octave_levels(tone, RATE)
    assert float(levels.max() - levels.min()) == pytest.approx(-FLOOR_DB)
    quiet = decibels(tone + 1e-6 * noise(0), tone, RATE)
    assert quiet is not None and quiet < 1e-3


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_octaves_reach_from_nothing_to_nyquist(rate: int) -> None:
    """All power is counted once, whatever the rate; a short sound is filled up."""
    x = noise(2)[: rate // 20]
    levels = octave_levels(x, rate)
    assert levels.shape[0] == 1 and 6 <= levels.shape[1] <= 9
    n = 2 ** round(math.log2(0.09 * rate))
    padded = torch.nn.functional.pad(x.double(), (0, n - len(x))) * torch.hann_window(n, dtype=torch.float64)
    assert float((10 ** (levels / 10)).sum()) == pytest.approx(float(torch.fft.rfft(padded).abs().square().sum()))
