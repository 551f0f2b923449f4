"""A backbone whose heavy part is computed by something else."""

from typing import Protocol

from torch import Tensor, nn

from soundctm.backbones import DiT
from soundctm.backbones.embeddings import WHOLE, Span
from soundctm.backbones.text import PreparedText, TextMemory
from soundctm.conditioning import Conditioning


class Core(Protocol):
    """What :meth:`soundctm.backbones.DiT.core` computes, from ``x [B, C, T]`` to ``[B, C, T]``, without gradients."""

    def __call__(self, x: Tensor, level: Tensor, text: TextMemory, span: Span = WHOLE) -> Tensor: ...


class AcceleratedStudent(nn.Module):
    """A student in stages whose last and heaviest, ``core``, is computed elsewhere. No gradients."""

    def __init__(self, student: DiT, core: Core) -> None:
        super().__init__()
        self.student = student
        self.core = core

    def prepare(self, conditioning: Conditioning) -> PreparedText:
        """As the student."""
        return self.student.prepare(conditioning)

    def embed(
        self, c_noise_t: Tensor, c_noise_s: Tensor | None, omega: Tensor | None, pooled: Tensor | None = None
    ) -> Tensor:
        """As the student."""
        return self.student.embed(c_noise_t, c_noise_s, omega, pooled)

    def forward(
        self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning, *, c_noise_s: Tensor, omega: Tensor,
        span: Span = WHOLE,
    ) -> Tensor:  # fmt: skip
        memory = self.prepare(conditioning).memory
        return self.core(x, self.embed(c_noise_t, c_noise_s, omega, memory.pooled), memory, span)
