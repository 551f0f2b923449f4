"""Activation checkpointing changes memory, not gradients."""

import torch

from soundctm.backbones import DiT
from soundctm.conditioning import Conditioning
from tests.oracles.latents import WIDTH, tiny_backbone


def gradients(checkpointing: bool) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    network = DiT(tiny_backbone(), checkpointing)
    generator = torch.Generator().manual_seed(1)
    for parameter in network.parameters():
        parameter.data = 0.2 * torch.randn(parameter.shape, generator=generator)
    x, tokens = torch.randn(2, 4, 6, generator=generator), torch.randn(2, 3, WIDTH, generator=generator)
    network(x, torch.zeros(2), Conditioning(tokens, torch.ones(2, 3, dtype=torch.bool))).square().sum().backward()
    return {name: p.grad for name, p in network.named_parameters() if p.grad is not None}


def test_gradients_are_the_same() -> None:
    plain, checkpointed = gradients(False), gradients(True)
    assert plain.keys() == checkpointed.keys() and len(plain) > 20
    assert all(torch.equal(plain[name], checkpointed[name]) for name in plain)


def test_autocast_rounds_neither_levels_nor_the_residual_stream() -> None:
    network = DiT(tiny_backbone())
    level = torch.linspace(-2.0, 1.0, 2)
    text = Conditioning(torch.zeros(2, 3, WIDTH), torch.ones(2, 3, dtype=torch.bool))
    exact = network.timestep_features(level)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(network.timestep_features(level), exact)
        features = network.forward_features(torch.randn(2, 4, 6), level, text)
    assert all(feature.dtype == torch.float32 for feature in features)
