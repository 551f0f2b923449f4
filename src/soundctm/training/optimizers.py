"""Optimisers of the networks: AdamW, RAdam, or Muon for matrices with AdamW for everything else."""

from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

OptimizerName = Literal["adamw", "radam", "muon"]


class OptimizerConfig(BaseModel):
    """An optimiser and its numbers. ``clip`` bounds the norm of the gradient of all parameters together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: OptimizerName
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    betas: tuple[float, float] = (0.9, 0.98)
    clip: float = Field(default=1.0, gt=0)


class Optimizers:
    """The optimisers of one network, stepping together. Weight decay is for the matrices of linear layers, not for
    gains, biases, tables, frequencies and convolutions.

    Muon (Jordan et al., 2024) orthogonalises the momentum of a matrix; its steps are scaled to the size of AdamW's
    (Liu et al., 2025), so that one learning rate serves both.
    """

    def __init__(self, module: nn.Module, config: OptimizerConfig) -> None:
        trained = [p for p in module.parameters() if p.requires_grad]
        linear = {id(layer.weight) for layer in module.modules() if isinstance(layer, nn.Linear)}
        matrices = [p for p in trained if id(p) in linear]
        others = [p for p in trained if id(p) not in linear]
        self.members = _members(matrices, others, config)

    def step(self, learning_rate: float) -> None:
        """Step at this learning rate, then forget the gradients."""
        for member in self.members:
            for group in member.param_groups:
                group["lr"] = learning_rate
            member.step()
            member.zero_grad(set_to_none=True)


def _members(
    matrices: list[nn.Parameter], others: list[nn.Parameter], config: OptimizerConfig
) -> list[torch.optim.Optimizer]:
    """The registry of names. The learning rate is set before every step."""
    decay, rate = config.weight_decay, config.learning_rate
    groups = [{"params": p, "weight_decay": d} for p, d in ((matrices, decay), (others, 0.0)) if p]
    match config.name:
        case "adamw":
            return [torch.optim.AdamW(groups, rate, betas=config.betas, fused=True)]
        case "radam":
            return [torch.optim.RAdam(groups, rate, betas=config.betas, decoupled_weight_decay=True)]
        case "muon":
            members: list[torch.optim.Optimizer] = []
            if matrices:
                members.append(torch.optim.Muon(matrices, rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"))
            if others:
                members.append(torch.optim.AdamW(others, rate, betas=config.betas, weight_decay=0.0, fused=True))
            return members
