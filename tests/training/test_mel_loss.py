"""Laws of the multi-scale mel loss."""

import math

import pytest
import torch
from pydantic import ValidationError

from soundctm.training.mel_loss import MelLoss, MelLossConfig

LOSS = MelLoss(44100, MelLossConfig())


def noise(seed: int, length: int = 8000) -> torch.Tensor:
    return 0.3 * torch.randn(3, length, generator=torch.Generator().manual_seed(seed))


def test_equal_sounds_have_no_distance() -> None:
    x = noise(0)
    assert torch.equal(LOSS(x, x.clone()), torch.zeros(3))
    assert torch.equal(LOSS(torch.zeros(1, 4001), torch.zeros(1, 4001)), torch.zeros(1))


def test_a_gain_of_twenty_decibels_costs_one_per_scale() -> None:
    loss = MelLoss(44100, MelLossConfig(windows=(64, 512), mels=(6, 20)))  # no filter is empty at these sizes
    x = noise(0)
    assert torch.allclose(loss(x, 10 * x), torch.full((3,), 2.0), atol=1e-4)
    assert torch.allclose(loss(10 * x, x), torch.full((3,), 2.0), atol=1e-4)


def test_distance_grows_with_the_error() -> None:
    x, e = noise(0), noise(1)
    distances = torch.stack([LOSS(x, x + share * e) for share in (0.0, 0.01, 0.1, 0.5, 2.0)])
    assert bool((distances.diff(dim=0) > 0).all())


def test_items_of_a_batch_are_apart() -> None:
    x, y = noise(0), noise(1)
    assert torch.allclose(LOSS(x, y)[1:2], LOSS(x[1:2], y[1:2]), rtol=1e-5)


def test_a_sine_is_in_its_filter() -> None:
    t = torch.arange(8192) / 44100
    loss = MelLoss(44100, MelLossConfig(windows=(2048,), mels=(64,)))
    (spectrum,) = loss.spectra(torch.sin(2 * math.pi * 3000 * t)[None])
    top = 15 + 27 * math.log(22.05) / math.log(6.4)
    mel = 15 + 27 * math.log(3.0) / math.log(6.4)
    assert spectrum.shape == (1, 64, 1 + 8192 // 512)
    assert abs(int(spectrum[0, :, 8].argmax()) + 1 - mel / (top / 65)) <= 0.5


def test_silence_gives_finite_gradients() -> None:
    x_hat = torch.zeros(3, 8000, requires_grad=True)
    LOSS(noise(0), x_hat).sum().backward()
    assert x_hat.grad is not None and bool(x_hat.grad.isfinite().all())


def test_windows_and_mels_come_in_pairs() -> None:
    with pytest.raises(ValidationError, match="2 windows but 1 numbers of mels"):
        MelLossConfig(windows=(64, 128), mels=(5,))
