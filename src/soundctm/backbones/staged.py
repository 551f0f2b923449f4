"""A network in stages: what a trajectory needs once is apart from what every step needs."""

from typing import Protocol, runtime_checkable

from torch import Tensor

from soundctm.backbones.embeddings import WHOLE, Span
from soundctm.backbones.text import PreparedText, TextMemory
from soundctm.conditioning import Conditioning


@runtime_checkable
class Staged(Protocol):
    """``forward(x, c_noise_t, conditioning, c_noise_s=, omega=, span=)`` in three parts; see
    :class:`soundctm.backbones.DiT`."""

    def prepare(self, conditioning: Conditioning) -> PreparedText:
        """The text, as the blocks read it."""

    def embed(
        self, c_noise_t: Tensor, c_noise_s: Tensor | None, omega: Tensor | None, pooled: Tensor | None = None
    ) -> Tensor:
        """Levels, guidance and pooled text ``[B, K, width]``."""

    def core(self, x: Tensor, level: Tensor, text: TextMemory, span: Span = WHOLE) -> Tensor:
        """All the rest."""
