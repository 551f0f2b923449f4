"""Linear layers in 8-bit integers: a quarter of the memory, and several times the speed on CPUs that multiply them.

Weights are rounded once, each output channel by its own scale. Activations are rounded as they come, each token by its
own scale, so that a token's result does not depend on what is computed beside it: products and sums of integers are
exact, and all else is done number by number. Scales that a whole tensor shares, as libraries have them, would let the
loudest take of a batch change the others.
"""

import torch
from torch import Tensor, nn

from soundctm.engines.swap import HEAVY

LARGEST = 127  # -128 is not used
SMALLEST_SCALE = 1e-12  # of a row of zeros
TWO_DIGITS = frozenset({"out"})  # of the feed-forward: what a gate lets through is spiky


class QuantisedLinear(nn.Module):
    """``x W^T + b`` with ``W`` in int8 and ``x [..., in]`` rounded to int8 per token; float32 in and out. No gradients.

    ``weight [out, in]`` int8, ``scale [out]``, ``bias [out]`` or None. An entry of ``W`` errs by at most 1/254 of the
    largest of its row, one of ``x`` by 1/254 of the largest of its token. With ``two_digits`` what ``x`` leaves behind
    is rounded once more and takes part: an error of 1/64516, for twice the products.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear, two_digits: bool = False) -> None:
        super().__init__()
        self.two_digits = two_digits
        weight = linear.weight.detach().float()
        scale = (weight.abs().amax(1) / LARGEST).clamp_min(SMALLEST_SCALE)
        self.register_buffer("weight", (weight / scale[:, None]).round_().to(torch.int8))
        self.register_buffer("scale", scale)
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() and x.requires_grad:
            raise RuntimeError("a layer in int8 has no gradients; run what needs them in float32")
        rows = x.flatten(0, -2)
        step = (rows.abs().amax(1, keepdim=True) / LARGEST).clamp_min_(SMALLEST_SCALE)
        y = self._products(rows / step).mul_(self.scale).mul_(step)
        if self.bias is not None:
            y = y.add_(self.bias)
        return y.unflatten(0, x.shape[:-1])

    def _products(self, rows: Tensor) -> Tensor:
        """Sums of products of rounded ``rows [M, in]`` with the integers of the weight, ``[M, out]``."""
        high = rows.round()
        if not self.two_digits:
            return torch._int_mm(high.to(torch.int8), self.weight.t()).float()
        low = (rows - high).mul_(2 * LARGEST).round_()
        digits = torch.cat([high.to(torch.int8), low.to(torch.int8)])
        of_high, of_low = torch._int_mm(digits, self.weight.t()).chunk(2)
        return of_high.float().add_(of_low, alpha=1 / (2 * LARGEST))


def quantised(name: str, layer: nn.Module) -> nn.Module:
    """A layer in int8, if it is one of those where the arithmetic is."""
    takes = isinstance(layer, nn.Linear) and name in HEAVY
    return QuantisedLinear(layer, name in TWO_DIGITS) if takes else layer  # type: ignore[arg-type]
