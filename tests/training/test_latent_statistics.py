"""Latent statistics against NumPy and against draws."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from soundctm.autoencoder import GaussianDAC, Posterior
from soundctm.errors import UserError
from soundctm.training.latent_statistics import latent_statistics
from tests.oracles.autoencoder import TINY_SIZES


class Reshaping:
    """An exact encoder: four samples are the mean of a frame of four channels; all have one log variance."""

    def __init__(self, logvar: float) -> None:
        self.logvar = logvar

    def encode(self, x: Tensor) -> Posterior:
        mean = x[:, 0].unflatten(-1, (-1, 4)).transpose(1, 2)
        return Posterior(mean, torch.full_like(mean, self.logvar))


def waveforms() -> Iterator[Tensor]:
    """Batches of different sizes and levels, far from zero, where one-pass moments lose their digits."""
    rng = np.random.default_rng(0)
    for size, shift in ((3, 1000.0), (1, 1001.0), (5, 998.0)):
        yield torch.from_numpy((rng.standard_normal((size, 40)) + shift).astype(np.float32))


def test_statistics_of_a_sure_encoder_are_numpys() -> None:
    mean, std = latent_statistics(Reshaping(-30.0), waveforms())
    frames = np.concatenate([x.double().numpy().reshape(-1, 4) for x in waveforms()])
    assert np.allclose(mean, frames.mean(0), rtol=1e-6)
    assert np.allclose(std, frames.std(0), rtol=1e-5)


def test_the_posteriors_variance_counts() -> None:
    _, sure = latent_statistics(Reshaping(-30.0), waveforms())
    _, unsure = latent_statistics(Reshaping(float(np.log(0.7))), waveforms())
    assert torch.allclose(unsure.square(), sure.square() + 0.7, rtol=1e-5)


def test_statistics_are_those_of_draws() -> None:
    torch.manual_seed(0)
    autoencoder = GaussianDAC(TINY_SIZES)
    x = torch.randn(2, 8 * 1000, generator=torch.Generator().manual_seed(1))
    mean, std = latent_statistics(autoencoder, [x[:1], x[1:]])
    with torch.no_grad():
        posterior = autoencoder.encode(x[:, None])
    generator = torch.Generator().manual_seed(2)
    draws = np.concatenate([posterior.sample(generator).transpose(1, 2).reshape(-1, 4).numpy() for _ in range(20)])
    assert np.allclose(std, draws.std(0), rtol=0.02)
    assert np.allclose(mean, draws.mean(0), atol=0.02)


def test_too_few_frames_are_an_error() -> None:
    with pytest.raises(UserError, match="at least 2 latent frames, got 0"):
        latent_statistics(Reshaping(0.0), [])
