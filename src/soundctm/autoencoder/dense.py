"""Linear layers and convolutions over frames, by the kernels that run them fastest on a CPU.

Features lie as ``[B, M, channels]``: the channels of a frame are neighbours in memory, as matrix products, layer norms
and channels-last convolutions want them. Without gradients, float32 products go to oneDNN, which uses the widest vector
instructions of every CPU; the BLAS of PyTorch uses half of them on some. Elsewhere they are PyTorch's own. Both are
float32 throughout and differ by rounding alone.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Activation = Literal["none", "gelu"]
_ONEDNN = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None


def onednn_takes(x: Tensor, layer: nn.Module) -> bool:
    """Whether oneDNN runs ``layer`` on ``x``: a plain linear layer, float32 on the CPU, and no gradient, autocast or
    tracing, which the operator does not know."""
    return (
        _ONEDNN is not None
        and type(layer) is nn.Linear
        and not torch.is_grad_enabled()
        and x.device.type == layer.weight.device.type == "cpu"
        and x.dtype == layer.weight.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
    )


def linear(layer: nn.Module, x: Tensor, activation: Activation = "none") -> Tensor:
    """``layer(x)`` for a layer ``[..., in] -> [..., out]``, with a GELU (tanh form) behind it if asked for."""
    if onednn_takes(x, layer):
        return torch.ops.mkldnn._linear_pointwise(x, layer.weight, layer.bias, activation, [], "tanh")
    y: Tensor = layer(x)
    return F.gelu(y, approximate="tanh") if activation == "gelu" else y


def convolve(layer: nn.Conv1d, x: Tensor) -> Tensor:
    """``layer`` along the frames of ``x [B, M, in]``, which stays as it lies: ``[B, M, out]``.

    A row of an image with channels last has that layout, so this is a two-dimensional convolution of height 1.
    """
    image = x.transpose(1, 2).unsqueeze(2)
    y = F.conv2d(image, layer.weight.unsqueeze(2), layer.bias, padding=(0, int(layer.padding[0])), groups=layer.groups)
    return y.squeeze(2).transpose(1, 2)
