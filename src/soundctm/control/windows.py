"""Sounds longer than a backbone was trained for, and sounds without ends: overlapping windows on one trajectory."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from soundctm.backbones import Staged
from soundctm.backbones.embeddings import WHOLE, Span
from soundctm.backbones.text import TextMemory
from soundctm.conditioning import Conditioning

AT_ONCE = 8  # windows in one batch of the student


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
        """Where windows begin in a sequence of so many frames, at most half a window apart and evenly spread. On a
        circle they begin half a step from frame 0: where one window has its middle and another its ends, the first
        alone says what sounds, which makes larger jumps than where two meet. The loop point of two windows is to be no
        such place."""
        length = min(self.length, frames)
        if self.circle:
            count = max(2, -(-2 * frames // length))
            return [(2 * i + 1) * frames // (2 * count) for i in range(count)]
        count = -(-2 * (frames - length) // length) + 1
        return [round(i * (frames - length) / max(1, count - 1)) for i in range(count)]

    def forward(
        self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning, *, c_noise_s: Tensor, omega: Tensor
    ) -> Tensor:
        """Raw output ``[B, C, T]`` for ``x [B, C, T]``; levels and omega are ``[B]``."""

        def look(seen: Tensor, span: Span, times: int) -> Tensor:
            out: Tensor = self.student(
                seen, c_noise_t.repeat(times), Conditioning.cat([conditioning] * times),
                c_noise_s=c_noise_s.repeat(times), omega=omega.repeat(times), span=span,
            )  # fmt: skip
            return out

        return self.blend(x, look)

    def blend(self, x: Tensor, look: Callable[[Tensor, Span, int], Tensor]) -> Tensor:
        """The weighted mean of what ``look(windows [W B, C, length], span, W)`` says; few windows at a time, so that
        memory does not grow with the sound."""
        batch, _, frames = x.shape
        length = min(self.length, frames)
        total, weights = torch.zeros_like(x), x.new_zeros(frames)
        ramp = torch.arange(1, length + 1, device=x.device, dtype=x.dtype)
        weight = torch.minimum(ramp, ramp.flip(0))
        starts = self.starts(frames)
        for first in range(0, len(starts), AT_ONCE):
            begin = torch.tensor(starts[first : first + AT_ONCE], device=x.device)
            rows = (begin[:, None] + torch.arange(length, device=x.device)) % frames
            ends = torch.stack([begin, begin + length], dim=1).to(x.dtype) / frames
            span = WHOLE if self.circle else ends.repeat_interleave(batch, dim=0)
            windows = x[..., rows].permute(2, 0, 1, 3).flatten(0, 1)
            for seen, where in zip(look(windows, span, len(rows)).unflatten(0, (-1, batch)), rows, strict=True):
                total = total.index_add(-1, where, seen * weight)
                weights = weights.index_add(0, where, weight)
        return total / weights


class StagedWindows(Windows):
    """Windows of a student in stages (:class:`soundctm.backbones.Staged`), and themselves in stages."""

    def __init__(self, student: nn.Module, length: int, circle: bool = False) -> None:
        super().__init__(student, length, circle)
        if not isinstance(student, Staged):
            raise TypeError(f"{type(student).__name__} has no stages; use Windows")
        self.prepare = student.prepare
        self.embed = student.embed
        self.seen = student.core

    def core(self, x: Tensor, level: Tensor, text: TextMemory, span: Span = WHOLE) -> Tensor:
        """Raw output ``[B, C, T]``; a window is itself a part of the clip, so there is no ``span`` to give."""
        if span is not WHOLE:
            raise ValueError("windows cover a whole clip; leave span out")
        return self.blend(
            x, lambda windows, part, times: self.seen(windows, level.repeat(times, 1, 1), text.repeat(times), part)
        )


def windowed(student: nn.Module, length: int, circle: bool = False) -> Windows:
    """Windows in stages where the student has some."""
    return (StagedWindows if isinstance(student, Staged) else Windows)(student, length, circle)
