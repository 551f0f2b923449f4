"""Sounds longer than a backbone was trained for, and sounds without ends: overlapping windows on one trajectory."""

import torch
from torch import Tensor, nn

from soundctm.backbones.embeddings import WHOLE
from soundctm.conditioning import Conditioning


class Windows(nn.Module):
    """A student that looks at ``length`` frames at a time, half overlapping, and blends what it sees.

    At every noise level the output of a frame is the mean over the windows that hold it, weighted by a triangle that
    falls to the ends of a window (MultiDiffusion, Bar-Tal et al. 2023), so that windows share one trajectory and no
    seam is audible. The student is told which part of the clip a window is. With ``circle`` the sequence has no ends:
    windows run across from the last frame to the first, and each counts as a whole clip. It takes the arguments of a
    student :class:`~soundctm.backbones.DiT`.
    """

    def __init__(self, student: nn.Module, length: int, circle: bool = False) -> None:
        super().__init__()
        self.student = student
        self.length = length
        self.circle = circle

    def starts(self, frames: int) -> list[int]:
        """Where windows begin in a sequence of so many frames, at most half a window apart and evenly spread."""
        length = min(self.length, frames)
        if self.circle:
            count = max(2, -(-2 * frames // length))
            return [round(i * frames / count) for i in range(count)]
        count = -(-2 * (frames - length) // length) + 1
        return [round(i * (frames - length) / max(1, count - 1)) for i in range(count)]

    def forward(
        self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning, *, c_noise_s: Tensor, omega: Tensor
    ) -> Tensor:
        """Raw output ``[B, C, T]`` for ``x [B, C, T]``; levels and omega are ``[B]``."""
        frames = x.shape[-1]
        length = min(self.length, frames)
        total, weights = torch.zeros_like(x), x.new_zeros(frames)
        ramp = torch.arange(1, length + 1, device=x.device, dtype=x.dtype)
        weight = torch.minimum(ramp, ramp.flip(0))
        for start in self.starts(frames):
            rows = (start + torch.arange(length, device=x.device)) % frames
            span = WHOLE if self.circle else (start / frames, (start + length) / frames)
            seen = self.student(x[..., rows], c_noise_t, conditioning, c_noise_s=c_noise_s, omega=omega, span=span)
            total = total.index_add(-1, rows, seen * weight)
            weights = weights.index_add(0, rows, weight)
        return total / weights
