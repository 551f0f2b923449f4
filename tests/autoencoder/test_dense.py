"""Laws of convolutions over frames."""

import pytest
import torch
from torch import Tensor, nn

from soundctm.autoencoder.dense import convolve


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("groups", [1, 12])
def test_a_convolution_along_frames_is_the_one_along_time(groups: int) -> None:
    layer, x = nn.Conv1d(12, 24, 7, padding=3, groups=groups), drawn(2, 9, 12)
    assert torch.allclose(convolve(layer, x), layer(x.transpose(1, 2)).transpose(1, 2), atol=1e-6)
