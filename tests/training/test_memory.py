"""The memory estimate against what autograd really keeps."""

import pytest
import torch

from soundctm.backbones import DiT, DiTConfig, parameters
from soundctm.conditioning import Conditioning
from soundctm.training.memory import activations, kept_bytes
from tests.oracles.latents import WIDTH, tiny_backbone


@pytest.mark.parametrize("depth", [3, 5])
def test_the_extrapolated_count_is_that_of_the_whole_network(depth: int) -> None:
    backbone = DiTConfig(**{**tiny_backbone().model_dump(), "depth": depth})
    network, items = DiT(backbone), 6
    text = Conditioning(torch.zeros(items, 3, WIDTH), torch.ones(items, 3, dtype=torch.bool))
    level = torch.zeros(items)
    counted = kept_bytes(network, lambda: network(torch.zeros(items, 4, 24), level, text))
    estimate = activations(backbone, items, 24, 3, "fp32", checkpointing=False)
    assert 0.8 < estimate / counted < 1.25


def test_checkpointing_keeps_less() -> None:
    backbone = DiTConfig(**{**tiny_backbone().model_dump(), "depth": 8})
    whole, less = (activations(backbone, 4, 24, 3, "fp32", checkpointing=on) for on in (False, True))
    assert less < 0.4 * whole


def test_parameters_are_counted_without_building() -> None:
    assert parameters(tiny_backbone()) == sum(p.numel() for p in DiT(tiny_backbone()).parameters())
