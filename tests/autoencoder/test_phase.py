"""Laws of phases: those of sinusoids are the recursion over frames, those of clicks are delays."""

import math

import pytest
import torch
from torch import Tensor

from soundctm.autoencoder.phase import click_delay, click_phasor, sinusoid_phasor
from soundctm.autoencoder.spectral import istft, stft
from tests.oracles.spectral import running_phase

WINDOW = torch.hann_window(2048)


def logs(batch: int, frames: int, bins: int) -> Tensor:
    return torch.randn(batch, frames, bins, generator=torch.Generator().manual_seed(frames), dtype=torch.float64)


@pytest.mark.parametrize("frames", [1, 2, 3, 8, 13])
@pytest.mark.parametrize("bins", [2, 40, 129])
def test_phases_of_pairs_of_frames_are_the_recursion(frames: int, bins: int) -> None:
    levels = logs(2, frames, bins)
    theta = running_phase(levels, 256, 64)
    cos, sin = sinusoid_phasor(levels, 256, 64)
    assert torch.allclose(cos, theta.cos(), atol=1e-6) and torch.allclose(sin, theta.sin(), atol=1e-6)


def test_plateaus_edges_and_ties_belong_to_the_peak_that_the_recursion_says() -> None:
    levels = logs(1, 6, 40).round()  # many neighbours are level
    levels[0, 1], levels[0, 2], levels[0, 3] = 0.0, torch.arange(40.0), torch.arange(40.0, 0, -1)
    levels[0, 4] = torch.arange(40) % 2
    theta = running_phase(levels, 256, 64)
    cos, sin = sinusoid_phasor(levels, 256, 64)
    assert torch.allclose(cos, theta.cos(), atol=1e-6) and torch.allclose(sin, theta.sin(), atol=1e-6)


def test_a_steady_frame_repeated_20000_times_turns_20000_times_as_far() -> None:
    """In single precision too, where a sum of so many turns would keep no digit of the last one."""
    levels = torch.randn(1, 1, 129, generator=torch.Generator().manual_seed(1))
    cos, sin = (x[0, :, int(levels.argmax())].double() for x in sinusoid_phasor(levels.expand(1, 20000, 129), 256, 64))
    angle = torch.atan2(sin, cos)
    assert abs(math.remainder(float(angle[-1] - 20000 * angle[0]), 2 * math.pi)) < 20000 * 1e-6


def test_a_steady_sine_keeps_its_magnitudes() -> None:
    t = torch.arange(512 * 60) / 44100
    x = 0.3 * torch.sin(2 * math.pi * 1234.5 * t)[None]
    magnitude = stft(x, 2048, 512, WINDOW).abs()
    phasor = torch.complex(*sinusoid_phasor(magnitude.clamp_min(1e-3).log().transpose(1, 2), 2048, 512))
    sign = (1 - 2.0 * (torch.arange(1025) % 2))[:, None]
    y = istft(magnitude * phasor.transpose(1, 2) * sign, 2048, 512, WINDOW)
    error = stft(y, 2048, 512, WINDOW).abs()[..., 4:-4] - magnitude[..., 4:-4]
    assert float(error.norm() / magnitude.norm()) < 0.05


def test_click_delay_points_at_the_click() -> None:
    x = torch.zeros(1, 512 * 40)
    x[0, 10300] = 1
    delay = click_delay(stft(x, 2048, 512, WINDOW).abs().square().sum(1), 512)[0]
    expected = 10300 - (torch.arange(40) * 512 + 256)
    assert torch.allclose(delay[18:22], expected[18:22].float(), atol=40)


@pytest.mark.parametrize("n_fft", [16, 254, 256, 258, 2048])
def test_click_phases_are_those_of_a_delay(n_fft: int) -> None:
    delay = torch.linspace(-1600, 1600, 21, dtype=torch.float64).reshape(3, 7).requires_grad_()
    angle = -2 * math.pi / n_fft * delay[..., None] * torch.arange(n_fft // 2 + 1)
    cos, sin = click_phasor(delay, n_fft)
    assert torch.allclose(cos, angle.cos(), atol=1e-10) and torch.allclose(sin, angle.sin(), atol=1e-10)
    (fast,) = torch.autograd.grad((cos - 2 * sin).sum(), delay)
    (plain,) = torch.autograd.grad((angle.cos() - 2 * angle.sin()).sum(), delay)
    assert torch.allclose(fast, plain, atol=1e-8)
