"""Exponential moving averages of a module's parameters: ``sg`` of the paper and the weights that ship."""

import copy

import torch
from torch import Tensor, nn


class EMA:
    """A frozen copy of ``module`` that follows it: ``average <- rate * average + (1 - rate) * parameter``.

    With ``warmup`` the rate grows as ``min(rate, (1 + n) / (10 + n))``, so that early averages forget the start.
    """

    def __init__(self, module: nn.Module, rate: float, *, warmup: bool = False) -> None:
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"EMA rate {rate} is outside [0, 1)")
        self.module = copy.deepcopy(module).requires_grad_(False).eval()
        self.rate = rate
        self.warmup = warmup
        self.updates = 0

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the average one step towards ``module``; buffers are copied."""
        rate = min(self.rate, (1 + self.updates) / (10 + self.updates)) if self.warmup else self.rate
        averages: list[Tensor] = list(self.module.parameters())
        values: list[Tensor] = [p.detach() for p in module.parameters()]
        torch._foreach_lerp_(averages, values, 1.0 - rate)
        for kept, buffer in zip(self.module.buffers(), module.buffers(), strict=True):
            kept.copy_(buffer)
        self.updates += 1

    def state_dict(self) -> dict[str, object]:
        return {"module": self.module.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict[str, object]) -> None:
        module, updates = state["module"], state["updates"]
        if not isinstance(module, dict) or not isinstance(updates, int):
            raise ValueError("not the state of an EMA: expected keys 'module' and 'updates'")
        self.module.load_state_dict(module)
        self.updates = updates
