"""Convolutions over frames whose features lie as ``[B, M, channels]``.

The channels of a frame are then neighbours in memory, as matrix products, layer norms and channels-last convolutions
want them.
"""

import torch.nn.functional as F
from torch import Tensor, nn


def convolve(layer: nn.Conv1d, x: Tensor) -> Tensor:
    """``layer`` along the frames of ``x [B, M, in]``, which stays as it lies: ``[B, M, out]``.

    A row of an image with channels last has that layout, so this is a two-dimensional convolution of height 1.
    """
    image = x.transpose(1, 2).unsqueeze(2)
    y = F.conv2d(image, layer.weight.unsqueeze(2), layer.bias, padding=(0, int(layer.padding[0])), groups=layer.groups)
    return y.squeeze(2).transpose(1, 2)
