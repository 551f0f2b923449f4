"""Linear layers and convolutions over frames, by the kernels that run them fastest on a CPU.

Features lie as ``[B, M, channels]``: the channels of a frame are neighbours in memory, as matrix products, layer norms
and channels-last convolutions want them. Without gradients, float32 products go to oneDNN (:mod:`soundctm.onednn`).
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundctm import onednn

Activation = Literal["none", "gelu"]


def onednn_takes(x: Tensor, layer: nn.Linear) -> bool:
    """Whether oneDNN runs ``layer`` on ``x``: a plain linear layer, float32 on the CPU, and no gradient, autocast or
    tracing, which the operator does not know."""
    return (
        onednn.available()
        and type(layer) is nn.Linear
        and not torch.is_grad_enabled()
        and x.device.type == layer.weight.device.type == "cpu"
        and x.dtype == layer.weight.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
    )


def linear(layer: nn.Linear, x: Tensor, activation: Activation = "none") -> Tensor:
    """``layer(x)`` for a layer ``[..., in] -> [..., out]``, with a GELU (tanh form) behind it if asked for."""
    if onednn_takes(x, layer):
        return onednn.product(x, layer.weight, layer.bias, gelu=activation == "gelu")
    y: Tensor = layer(x)
    return F.gelu(y, approximate="tanh") if activation == "gelu" else y


def convolve(layer: nn.Conv1d, x: Tensor) -> Tensor:
    """``layer`` along the frames of ``x [B, M, in]``, which stays as it lies: ``[B, M, out]``.

    A row of an image with channels last has that layout, so this is a two-dimensional convolution of height 1.
    """
    image = x.transpose(1, 2).unsqueeze(2)
    y = F.conv2d(image, layer.weight.unsqueeze(2), layer.bias, padding=(0, int(layer.padding[0])), groups=layer.groups)
    return y.squeeze(2).transpose(1, 2)
