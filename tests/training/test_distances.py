"""The distances of the CTM loss."""

from pathlib import Path

import pytest
import torch
from torch import nn

from soundctm.backbones import DiT
from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import c_in, c_noise
from soundctm.training.distances import feature_distance, l2_distance
from soundctm.training.draws import generator_of
from tests.oracles.latents import WIDTH, tiny_backbone
from tests.oracles.official import TOLERANCE, load_official, relative_error


@pytest.fixture
def teacher() -> DiT:
    torch.manual_seed(1)
    model = DiT(tiny_backbone())
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model.requires_grad_(False)


def text(batch: int) -> Conditioning:
    return Conditioning(torch.randn(batch, 3, WIDTH, generator=generator_of(5)), torch.ones(batch, 3, dtype=torch.bool))


def latents(seed: int) -> torch.Tensor:
    return torch.randn(3, 4, 6, generator=generator_of(seed))


T = torch.tensor([0.1, 1.0, 10.0])


def test_it_is_a_distance_with_a_gradient(teacher: DiT) -> None:
    a, b = latents(1), latents(2)
    estimate = b.clone().requires_grad_(True)
    d = feature_distance(teacher, a, estimate, T, text(3))
    d.sum().backward()
    assert d.shape == (3,) and bool((d > 0).all()) and estimate.grad is not None and bool(estimate.grad.abs().sum() > 0)
    assert float(feature_distance(teacher, a, a, T, text(3)).abs().max()) < 1e-9
    assert torch.allclose(d, feature_distance(teacher, b, a, T, text(3)), rtol=1e-4)


def test_it_is_equation_5(teacher: DiT) -> None:
    """The sum over layers of squared differences of unit vectors is that of 2 - 2 cos, averaged over tokens."""
    a, b = latents(1), latents(2)
    scale = c_in(T)[:, None, None]
    first, second = (teacher.forward_features(scale * z, c_noise(T), text(3)) for z in (a, b))
    expected = sum((2 - 2 * torch.cosine_similarity(f, g, dim=-1)).mean(1) for f, g in zip(first, second, strict=True))
    assert isinstance(expected, torch.Tensor)
    assert torch.allclose(feature_distance(teacher, a, b, T, text(3)), expected, rtol=1e-4)


def test_half_of_the_layers_holds_the_last(teacher: DiT) -> None:
    a, b = latents(1), latents(2)
    last = (teacher.forward_features(c_in(T)[:, None, None] * z, c_noise(T), text(3))[-1] for z in (a, b))
    expected = (2 - 2 * torch.cosine_similarity(*last, dim=-1)).mean(1)
    half = feature_distance(teacher, a, b, T, text(3), layers="half")
    assert torch.allclose(half, expected, rtol=1e-4)


def test_no_gradient_flows_into_the_target(teacher: DiT) -> None:
    target, estimate = latents(1).requires_grad_(True), latents(2).requires_grad_(True)
    (feature_distance(teacher, target, estimate, T, text(3)) + l2_distance(target, estimate)).sum().backward()
    assert target.grad is None and estimate.grad is not None


def test_l2_is_the_mean_square() -> None:
    assert torch.allclose(l2_distance(torch.zeros(2, 3, 4), 2 * torch.ones(2, 3, 4)), torch.full((2,), 4.0))


def test_the_official_variant_agrees_with_the_official_code(shared_folder: Path) -> None:
    official = load_official(shared_folder)
    e = official.expected
    found = feature_distance(
        official.teacher, e["feature_loss.z_target"], e["feature_loss.z_est"], e["feature_loss.s"],
        official.conditioning, official=True,
    )  # fmt: skip
    assert relative_error(found, e["feature_loss.official"]) < TOLERANCE
