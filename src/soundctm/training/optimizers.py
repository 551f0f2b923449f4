"""Optimisers of the transformers: AdamW, RAdam, or Muon for matrices with AdamW for everything else."""

from typing import Any, Literal

import torch
from torch import nn

OptimizerName = Literal["adamw", "radam", "muon"]


class Optimizers:
    """Several optimisers that step together and are saved together."""

    def __init__(self, members: list[torch.optim.Optimizer]) -> None:
        self.members = members

    def set_learning_rate(self, rate: float) -> None:
        """The rate of the next step, of every parameter."""
        for member in self.members:
            for group in member.param_groups:
                group["lr"] = rate

    def zero_grad(self) -> None:
        for member in self.members:
            member.zero_grad(set_to_none=True)

    def step(self) -> None:
        for member in self.members:
            member.step()

    def state_dict(self) -> list[dict[str, Any]]:
        return [member.state_dict() for member in self.members]

    def load_state_dict(self, state: list[dict[str, Any]]) -> None:
        for member, saved in zip(self.members, state, strict=True):
            member.load_state_dict(saved)


def build_optimizers(model: nn.Module, name: OptimizerName, weight_decay: float) -> Optimizers:
    """Weight decay for matrices, none for gains, biases and convolutions. The caller sets the learning rate.

    Muon (Jordan et al., 2024) orthogonalises the momentum of a matrix; its steps are scaled to the size of AdamW's
    (Liu et al., 2025), so that one learning rate serves both.
    """
    matrices = [p for p in model.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if p.ndim != 2]
    betas = (0.9, 0.98)
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    if name == "adamw":
        return Optimizers([torch.optim.AdamW(groups, betas=betas, fused=True)])
    if name == "radam":
        return Optimizers([torch.optim.RAdam(groups, betas=betas, decoupled_weight_decay=True)])
    muon = torch.optim.Muon(matrices, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
    return Optimizers([muon, torch.optim.AdamW(others, betas=betas, weight_decay=0.0, fused=True)])
