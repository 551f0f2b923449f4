"""Adversarial losses against their closed forms."""

import math

import torch
from torch import Tensor

from soundctm.training.adversarial import discriminator_loss, energy, feature_matching, features_apart, generator_loss
from soundctm.training.discriminators import Judgement


def constant(logit: float, *features: float) -> Judgement:
    return Judgement(tuple(torch.full((2, 3), f) for f in features), torch.full((2, 5), logit))


def random_judgements(seed: int) -> list[Judgement]:
    generator = torch.Generator().manual_seed(seed)
    shapes: list[tuple[int, ...]] = [(2, 3, 4), (2, 7), (2, 1, 2, 3)]
    return [
        Judgement(
            tuple(torch.randn(shape, generator=generator, requires_grad=True) for shape in shapes[k:]),
            torch.randn(2, 4 + k, generator=generator, requires_grad=True),
        )
        for k in range(2)
    ]


def test_least_squares_of_constant_judgements() -> None:
    real, fake = [constant(0.75), constant(1.0)], [constant(0.25), constant(-0.5)]
    assert math.isclose(float(discriminator_loss(real, fake)), (0.25**2 + 0.25**2) + (0 + 0.5**2))
    assert math.isclose(float(generator_loss(fake)), 0.75**2 + 1.5**2)


def test_the_best_constant_judgement_is_the_share_of_real_sounds() -> None:
    """``a (1 - D)^2 + b D^2`` has its minimum at ``a / (a + b)``: here one half."""
    logit = torch.zeros((), requires_grad=True)
    judgement = [Judgement((), logit.expand(2, 5))]
    for _ in range(50):
        (gradient,) = torch.autograd.grad(discriminator_loss(judgement, judgement), logit)
        logit = (logit.detach() - 0.2 * gradient).requires_grad_(True)
        judgement = [Judgement((), logit.expand(2, 5))]
    assert math.isclose(logit.item(), 0.5, abs_tol=1e-5)


def test_means_are_over_places_and_sums_over_discriminators() -> None:
    real, fake = random_judgements(0), random_judgements(1)
    squares = [(j.logits.detach().numpy(), k.logits.detach().numpy()) for j, k in zip(real, fake, strict=True)]
    assert math.isclose(
        discriminator_loss(real, fake).item(),
        sum(((1 - r) ** 2).mean() + (f**2).mean() for r, f in squares),
        rel_tol=1e-5,
    )
    expected = sum(
        abs(a.detach().numpy() - b.detach().numpy()).mean()
        for r, f in zip(real, fake, strict=True)
        for a, b in zip(r.features, f.features, strict=True)
    )
    assert math.isclose(feature_matching(real, fake).item(), expected, rel_tol=1e-5)
    assert math.isclose(features_apart(real, fake).item(), expected, rel_tol=1e-5)


def test_feature_matching_moves_the_fake_alone() -> None:
    real, fake = random_judgements(0), random_judgements(1)
    feature_matching(real, fake).backward()
    assert all(f.grad is None for judgement in real for f in judgement.features)
    for judgement in fake:
        for feature in judgement.features:
            assert feature.grad is not None
            assert torch.allclose(feature.grad.abs(), torch.full_like(feature, 1 / feature.numel()))


def test_features_apart_moves_both() -> None:
    first, second = random_judgements(0), random_judgements(1)
    features_apart(first, second).backward()
    for f, s in zip(first, second, strict=True):
        for a, b in zip(f.features, s.features, strict=True):
            assert a.grad is not None and b.grad is not None and torch.equal(a.grad, -b.grad)


def test_energy_of_equal_draws_is_twice_the_distance() -> None:
    def between(a: Tensor, b: Tensor) -> Tensor:
        return (a - b).abs()

    x, y, z = torch.tensor(1.0), torch.tensor(4.0), torch.tensor(-1.5)
    assert float(energy(between, x, y, y)) == 2 * 3.0
    assert float(energy(between, x, y, z)) == 3.0 + 2.5 - 5.5
