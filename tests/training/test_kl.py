"""The KL term against torch.distributions."""

import math

import torch
from torch.distributions import Normal, kl_divergence

from soundctm.autoencoder import Posterior
from soundctm.training.kl import gaussian_kl


def test_kl_is_that_of_torch_distributions() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, logvar = torch.randn(2, 3, 4, 5, generator=generator).unbind(0)
    each = kl_divergence(Normal(mean, torch.exp(0.5 * logvar)), Normal(0.0, 1.0))  # [B, C, T]
    assert math.isclose(float(gaussian_kl(Posterior(mean, logvar))), float(each.sum(1).mean()), rel_tol=1e-5)


def test_kl_of_the_prior_is_zero_and_half_the_square_of_a_shift() -> None:
    zero = torch.zeros(2, 4, 3)
    assert float(gaussian_kl(Posterior(zero, zero))) == 0
    assert math.isclose(float(gaussian_kl(Posterior(zero + 3, zero))), 4 * 3**2 / 2)
