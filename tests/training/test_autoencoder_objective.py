"""Laws of the autoencoder's objective: its sum, and where gradients go."""

import math

import pytest
import torch
from torch import Tensor, nn

from soundctm.autoencoder import Posterior
from soundctm.training.adversarial import feature_matching, generator_loss
from soundctm.training.autoencoder_objective import AutoencoderLossWeights, AutoencoderObjective
from soundctm.training.discriminators import Discriminators
from soundctm.training.kl import gaussian_kl
from soundctm.training.mel_loss import MelLoss, MelLossConfig
from tests.oracles.autoencoder import TINY_DISCRIMINATORS

MEL = MelLoss(8000, MelLossConfig(windows=(64, 256), mels=(8, 20)))


def noise(seed: int, *shape: int) -> Tensor:
    return 0.3 * torch.randn(*(shape or (2, 600)), generator=torch.Generator().manual_seed(seed))


def objective(**weights: float) -> AutoencoderObjective:
    torch.manual_seed(0)
    return AutoencoderObjective(AutoencoderLossWeights(**weights), MEL, Discriminators(TINY_DISCRIMINATORS))


def test_default_weights_are_the_papers() -> None:
    assert AutoencoderLossWeights().model_dump() == {
        "reconstruction": 15.0, "feature_matching": 2.0, "adversarial": 1.0, "kl": 1e-5,
    }  # fmt: skip


def test_total_is_the_weighted_sum_of_the_terms() -> None:
    run, x, x_hat = objective(reconstruction=3, feature_matching=5, adversarial=7, kl=11), noise(0), noise(1)
    posterior = Posterior(noise(2, 2, 4, 9), noise(3, 2, 4, 9))
    with torch.no_grad():
        losses = run.generator(x, x_hat, posterior)
        real, fake = run.discriminators(x), run.discriminators(x_hat)
        expected = (
            3 * MEL(x, x_hat).mean() + 5 * feature_matching(real, fake) + 7 * generator_loss(fake)
            + 11 * gaussian_kl(posterior)
        )  # fmt: skip
    assert math.isclose(float(losses["total"]), float(expected), rel_tol=1e-5)
    assert float(run.generator(x, x_hat)["kl"].detach()) == 0


def test_a_second_draw_that_is_equal_doubles_the_distances() -> None:
    run, x, x_hat = objective(), noise(0), noise(1)
    with torch.no_grad():
        one, two = run.generator(x, x_hat), run.generator(x, x_hat, second=x_hat)
    for name, factor in (("reconstruction", 2), ("feature_matching", 2), ("adversarial", 1)):
        assert math.isclose(float(two[name]), factor * float(one[name]), rel_tol=1e-4)


@pytest.mark.parametrize("second", [False, True])
def test_the_generators_loss_leaves_the_discriminators_alone(second: bool) -> None:
    run = objective()
    gain = nn.Parameter(torch.ones(()))
    run.generator(noise(0), gain * noise(1), second=gain * noise(2) if second else None)["total"].backward()
    assert gain.grad is not None and float(gain.grad) != 0
    assert all(p.grad is None and p.requires_grad for p in run.discriminators.parameters())


@pytest.mark.parametrize("name", ["reconstruction", "feature_matching", "adversarial"])
def test_every_term_moves_the_generator(name: str) -> None:
    x_hat = noise(1).requires_grad_(True)
    objective().generator(noise(0), x_hat)[name].backward()
    assert x_hat.grad is not None and float(x_hat.grad.abs().sum()) > 0


def test_the_discriminators_loss_leaves_the_generator_alone() -> None:
    run = objective()
    gain = nn.Parameter(torch.ones(()))
    losses = run.discriminator(noise(0), gain * noise(1))
    losses["discriminator"].backward()
    assert gain.grad is None
    assert all(p.grad is not None for p in run.discriminators.parameters())
    assert not losses["real"].requires_grad and not losses["fake"].requires_grad


def test_discriminators_learn_to_tell() -> None:
    run = objective()
    optimizer = torch.optim.AdamW(run.discriminators.parameters(), lr=3e-3)
    t = torch.arange(600) / 8000
    x, x_hat = torch.sin(2 * math.pi * torch.tensor([[400.0], [700.0]]) * t), noise(1)
    first = float(run.discriminator(x, x_hat)["discriminator"].detach())
    for _ in range(60):
        optimizer.zero_grad()
        run.discriminator(x, x_hat)["discriminator"].backward()
        optimizer.step()
    losses = run.discriminator(x, x_hat)
    assert float(losses["discriminator"].detach()) < 0.25 * first and losses["real"] > losses["fake"] + 0.3
