"""Layers that multiply in bfloat16: half of the memory, and up to twice the speed where there are instructions for it.

As under autocast, products are bfloat16 and everything between them float32: the residual stream, norms, softmax,
gates and snakes. On GPUs (``narrow``) what leads from one product to the next is bfloat16 as well, since memory and
attention in float32 would be the slow part there. On CPUs it would gain nothing.
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundctm.autoencoder import GaussianDAC
from soundctm.autoencoder.rows import lay_out
from soundctm.engines.swap import HEAVY, Swap, swapped

HALF = torch.bfloat16
INNER = frozenset({"to_qkv", "proj"})  # what comes from these stays inside its layer
OUTSIDE = frozenset({"q_norm", "k_norm"})


class HalfLinear(nn.Module):
    """``x W^T + b`` in bfloat16, for ``x`` of any precision; the result is float32, or bfloat16 if ``narrow``."""

    def __init__(self, linear: nn.Linear, narrow: bool = False) -> None:
        super().__init__()
        self.narrow = narrow
        self.weight = _half(linear.weight)
        self.bias = None if linear.bias is None else _half(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        y = F.linear(x.to(HALF), self.weight, self.bias)
        return y if self.narrow else y.float()


class HalfConv(nn.Module):
    """A convolution, transposed or not, in bfloat16, for a signal of any precision; the result is as above."""

    def __init__(self, layer: nn.Conv1d | nn.ConvTranspose1d, narrow: bool = False) -> None:
        super().__init__()
        self.narrow = narrow
        self.layer = copy.copy(layer)
        self.layer._parameters = {
            name: None if value is None else _half(value) for name, value in layer._parameters.items()
        }
        lay_out(self.layer)  # on GPUs other layouts are fast for bfloat16 than for float32

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layer(x.to(HALF))
        return y if self.narrow else y.float()


class Widened(nn.Module):
    """A layer in float32 for whatever comes; the result is as wide as that, or float32 if ``stays``."""

    def __init__(self, layer: nn.Module, stays: bool) -> None:
        super().__init__()
        self.layer, self.stays = layer, stays

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layer(x.float())
        return y if self.stays else y.to(x.dtype)


def _half(value: Tensor) -> nn.Parameter:
    return nn.Parameter(value.detach().to(HALF), requires_grad=False)


def halves(narrow: bool) -> Swap:
    """What replaces the layers of a student."""

    def swap(name: str, layer: nn.Module) -> nn.Module:
        if isinstance(layer, nn.Linear) and name in HEAVY:
            return HalfLinear(layer, narrow and name in INNER)
        if narrow and name in OUTSIDE and not isinstance(layer, nn.Identity | Widened):
            return Widened(layer, stays=False)
        return layer

    return swap


def half_decoder(autoencoder: GaussianDAC, narrow: bool) -> GaussianDAC:
    """An autoencoder that decodes in bfloat16; all but the decoder is shared.

    The last convolution is float32: in 8 bits of precision its sum would be noisy.
    """

    def swap(name: str, layer: nn.Module) -> nn.Module:
        if not isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
            return layer
        return HalfConv(layer, narrow) if layer.out_channels > 1 else Widened(layer, stays=True)

    other = copy.copy(autoencoder)
    other._modules = {**autoencoder._modules, "decoder": swapped(autoencoder.decoder, swap)}
    return other
