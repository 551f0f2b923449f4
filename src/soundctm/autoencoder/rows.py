"""Convolutions over time in two dimensions, ``[B, C, 1, T]``, so that memory may hold a moment's channels in a row.

Fast convolutions read channels side by side. Given ``[B, C, T]`` they turn the whole signal round and back in every
layer; here it is turned once, on the way in. Weights keep the names and shapes of one-dimensional convolutions.
"""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized


def fast_format(device: torch.device, dtype: torch.dtype) -> torch.memory_format:
    """The layout in which convolutions of a device and dtype are fastest."""
    if device.type == "cpu":
        last = torch.backends.mkldnn.is_available()  # PyTorch's other convolutions have no such layout
    else:
        last = device.type == "cuda" and dtype in (torch.float16, torch.bfloat16)  # as tensor cores read
    return torch.channels_last if last else torch.contiguous_format


def to_rows(x: Tensor) -> Tensor:
    """``[B, C, T]`` -> ``[B, C, 1, T]`` in the fast layout."""
    return x[:, :, None].contiguous(memory_format=fast_format(x.device, x.dtype))


def from_rows(x: Tensor) -> Tensor:
    """``[B, C, 1, T]`` -> ``[B, C, T]``, a view."""
    return x[:, :, 0]


class Conv(nn.Conv1d):
    """A convolution of ``[B, C, 1, T]``."""

    def forward(self, x: Tensor) -> Tensor:
        if self.padding_mode != "zeros" or isinstance(self.padding, str):
            raise ValueError(f"{self}: a convolution in rows pads with zeros, as many before as behind, by a number")
        (stride,), (padding,), (dilation,) = self.stride, self.padding, self.dilation
        if self.kernel_size == (1,) and x.device.type == "cpu":
            # One tap has nothing to dilate. But PyTorch hands a plain convolution of 1 to oneDNN only where it has
            # several threads, and a dilated one always: on one thread that takes half the time.
            dilation = 2
        return F.conv2d(x, self.weight[:, :, None], self.bias, (1, stride), (0, padding), (1, dilation), self.groups)


class UpConv(nn.ConvTranspose1d):
    """A transposed convolution of ``[B, C, 1, T]``."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        if self.output_padding != (0,):
            raise ValueError(f"{self}: a convolution in rows pads with zeros, as many before as behind")
        (stride,), (padding,), (dilation,) = self.stride, cast(tuple[int], self.padding), self.dilation
        weight, steps, cut = self.weight[:, :, None], (1, stride), (0, padding)
        return F.conv_transpose2d(x, weight, self.bias, steps, cut, 0, self.groups, (1, dilation))


def lay_out(module: nn.Module) -> None:
    """Hold all weights of ``module`` in the fast layout, which is otherwise made in every call.

    For networks that are used, not trained: names, shapes and values stay, but weights are no longer contiguous, which
    training in shards does not accept. Layers under weight normalisation are left as they are. The layout is that of
    the weights' present device and dtype: call this again after a move.
    """
    for layer in module.modules():
        if isinstance(layer, Conv | UpConv) and not is_parametrized(layer, "weight"):
            held = layer.weight.data
            fast = held[:, :, None].contiguous(memory_format=fast_format(held.device, held.dtype))
            layer.weight.data = fast[:, :, 0]
