"""All jumps of one trajectory: what they have in common is computed once."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from soundctm.backbones import Staged
from soundctm.backbones.text import TextMemory
from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import as_batch, c_in, c_noise, column, precondition
from soundctm.trajectory.guidance import mix, nu_jump
from soundctm.trajectory.jump import towards

Levels = Sequence[tuple[float, float]]  # t and s of each jump
Leap = Callable[[Tensor, int], Tensor]  # latents at t of a jump, and its number -> latents at s


class Rows(NamedTuple):
    """What :meth:`soundctm.backbones.DiT.core` reads for one jump: ``x [R, C, T]``, ``level [R, K, width]``, text."""

    x: Tensor
    level: Tensor
    memory: TextMemory


class StagedLeap:
    """Jumps of a student whose text and noise levels are embedded for the whole trajectory at once.

    Of ``B`` items with ``omega [B]``; with ``nu`` other than 1 text and unconditional halves share a doubled batch.
    The same numbers as :func:`soundctm.trajectory.guidance.nu_jump`, within rounding. What is embedded here, apart from
    any other trajectory, and texts of a few lengths only: so the rows of a trajectory are the same to the last bit
    whoever shares a batch of ``core`` with it, as far as the network's own arithmetic goes row by row.
    """

    def __init__(
        self, student: Staged, conditioning: Conditioning, unconditional: Conditioning, omega: Tensor, nu: float,
        levels: Levels,
    ) -> None:  # fmt: skip
        self.student, self.nu = student, nu
        halves = [conditioning] if nu == 1.0 else [conditioning, unconditional]
        text = conditioning if nu == 1.0 else Conditioning.cat(halves)
        self.memory = student.prepare(text).memory.bucketed()
        self.levels = torch.tensor(levels, dtype=omega.dtype, device=omega.device)
        self.embedded = self._embed(omega.repeat(len(halves)))

    def _embed(self, omega: Tensor) -> Tensor:
        """``[steps, R, K, width]`` for the ``R`` rows of the batch, every step in one call."""
        steps, rows = len(self.levels), len(omega)
        t, s = self.levels.repeat_interleave(rows, dim=0).unbind(1)
        pooled = self.memory.pooled
        level = self.student.embed(
            c_noise(t), c_noise(s), omega.repeat(steps), None if pooled is None else pooled.repeat(steps, 1)
        )
        return level.unflatten(0, (steps, rows))

    def rows(self, z: Tensor, index: int) -> Rows:
        """What the network is asked for jump ``index`` from ``z [B, C, T]``."""
        x = column(c_in(as_batch(self.levels[index, 0], z))) * z
        return Rows(x if self.nu == 1.0 else torch.cat([x, x]), self.embedded[index], self.memory)

    def land(self, F: Tensor, z: Tensor, index: int) -> Tensor:
        """Where the jump lands, from what the network has answered."""
        t, s = (as_batch(level, z) for level in self.levels[index])
        text, *null = (towards(z, precondition(half, z, t), t, s) for half in F.chunk(len(F) // len(z)))
        return mix(text, null[0], self.nu) if null else text

    def __call__(self, z: Tensor, index: int) -> Tensor:
        return self.land(self.student.core(*self.rows(z, index)), z, index)


def leap_of(
    student: nn.Module, conditioning: Conditioning, unconditional: Conditioning, omega: Tensor, nu: float,
    levels: Levels,
) -> Leap:  # fmt: skip
    """The jumps of a trajectory. Any student will do; one in stages is asked for as little as possible."""
    if isinstance(student, Staged):
        return StagedLeap(student, conditioning, unconditional, omega, nu, levels)

    def leap(z: Tensor, index: int) -> Tensor:
        t, s = levels[index]
        return nu_jump(student, z, t, s, omega, conditioning, unconditional, nu)

    return leap


def prepared(student: nn.Module, conditioning: Conditioning) -> Conditioning:
    """A conditioning that a student will be shown many times over."""
    return student.prepare(conditioning) if isinstance(student, Staged) else conditioning
