"""The audio side of the joint text-audio embedding: a small network over latents."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class TowerBlock(nn.Module):
    """Residual block over time: depthwise convolution, norm over channels, two pointwise layers. ``[B, C, T]``."""

    def __init__(self, width: int, kernel: int = 7, mult: int = 3) -> None:
        super().__init__()
        self.mix = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, mult * width)
        self.down = nn.Linear(mult * width, width)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(self.mix(x).transpose(1, 2))
        return x + self.down(F.gelu(self.up(h))).transpose(1, 2)


class AudioTower(nn.Module):
    """Normalised latents ``[B, channels, T]`` (deviation 0.5, 43 frames a second) -> ``[B, out]`` of unit length.

    A strided convolution takes ``stride`` frames per step, residual blocks mix over time, and learned attention over
    the steps (several heads, each a softmax over time) beside their mean gives one vector per clip.
    """

    def __init__(
        self, channels: int, out: int, width: int = 128, blocks: int = 3, stride: int = 4, heads: int = 4
    ) -> None:
        super().__init__()
        self.stem = nn.Conv1d(channels, width, stride + 1, stride=stride)
        self.margin = stride // 2
        self.blocks = nn.ModuleList(TowerBlock(width) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.attention = nn.Linear(width, heads)
        self.out = nn.Linear((heads + 1) * width, out)

    def forward(self, latents: Tensor) -> Tensor:
        """Embedding ``[B, out]`` of unit length."""
        # Unit variance; one zero more on the right, so that the last frame falls into a window for every length.
        x = self.stem(F.pad(latents * 2.0, (self.margin, self.margin + 1)))
        for block in self.blocks:
            x = block(x)
        x = self.norm(x.transpose(1, 2))
        weights = self.attention(x).softmax(dim=1)
        pooled = torch.cat([torch.einsum("bth,btc->bhc", weights, x).flatten(1), x.mean(1)], dim=-1)
        return F.normalize(self.out(pooled), dim=-1)
