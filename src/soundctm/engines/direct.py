"""A student whose float32 products are oneDNN's; its weights are those of the student given."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundctm.engines.swap import HEAVY, PROJECTIONS, Network, swapped
from soundctm.onednn import AVAILABLE, forward_mode, plain, product

# A compiler takes the operator of oneDNN for one of its own, and wants its weights to be constants. Behind a name that
# it does not know, it calls it as it is.
torch.library.define("soundctm::direct_linear", "(Tensor x, Tensor weight, Tensor? bias) -> Tensor")
torch.library.impl("soundctm::direct_linear", "CPU", product)


@torch.library.register_fake("soundctm::direct_linear")
def _shape(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return x.new_empty(*x.shape[:-1], weight.shape[0])


class DirectLinear(nn.Module):
    """A linear layer ``[..., in] -> [..., out]`` on the CPU in float32, with the weights of another.

    Where derivatives are taken it is PyTorch's own.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = linear.weight, linear.bias

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() and (x.requires_grad or self.weight.requires_grad):
            return F.linear(x, self.weight, self.bias)
        if torch.compiler.is_compiling():
            out: Tensor = torch.ops.soundctm.direct_linear(x, self.weight, self.bias)
            return out
        return F.linear(x, self.weight, self.bias) if forward_mode() else product(x, self.weight, self.bias)


def directed(name: str, layer: nn.Module, names: frozenset[str] = HEAVY | PROJECTIONS) -> nn.Module:
    """A layer as oneDNN computes it, if it is a plain one of those that all tokens pass and there is oneDNN for it."""
    if AVAILABLE and name in names and plain(layer) and layer.weight.device.type == "cpu":
        return DirectLinear(layer)
    return layer


def direct(student: Network) -> Network:
    """A student with its float32 products by oneDNN, which shares all weights with the one given. Where there is no
    oneDNN, and on other devices, they stay PyTorch's own."""
    return swapped(student, directed)
