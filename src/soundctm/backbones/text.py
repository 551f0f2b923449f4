"""What the blocks of a backbone read of a conditioning: afresh in training, computed once for a trajectory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from soundctm.conditioning import Conditioning


class Context(NamedTuple):
    """Embedded text tokens ``[B, N, D]``; ``mask [B, N]``, True = real, or None where all are."""

    tokens: Tensor
    mask: Tensor | None


class Heads(NamedTuple):
    """Keys and values ``[B, heads, N, head_dim]`` of one cross-attention, and the mask of the context."""

    keys: Tensor
    values: Tensor
    mask: Tensor | None


class Constant(NamedTuple):
    """What a cross-attention adds to every token where there is one text token: ``[B, 1, width]``."""

    value: Tensor


BUCKET = 8  # text tokens: prompts of one to eight share a batch
LayerText = Context | Heads | Constant


@dataclass(frozen=True, eq=False)
class FreshText:
    """A context that every block turns into its own keys and values; ``pooled [B, width]`` joins the noise level."""

    context: Context
    pooled: Tensor | None

    def layer(self, index: int) -> LayerText:
        """What block ``index`` reads."""
        return self.context


@dataclass(frozen=True, eq=False)
class TextMemory:
    """What all blocks make of a text, which does not change along a trajectory.

    Either ``keys`` and ``values [depth, B, heads, N, head_dim]`` with ``mask [B, N]`` (None where all tokens are real),
    or, for one token, ``constants [depth, B, 1, width]``. ``pooled [B, width]`` joins the noise level.
    """

    keys: Tensor | None
    values: Tensor | None
    mask: Tensor | None
    constants: Tensor | None
    pooled: Tensor | None

    @classmethod
    def of(cls, layers: Sequence[Heads | Constant], pooled: Tensor | None) -> "TextMemory":
        """From what each block keeps."""
        heads = [layer for layer in layers if isinstance(layer, Heads)]
        if heads:
            keys, values = torch.stack([h.keys for h in heads]), torch.stack([h.values for h in heads])
            return cls(keys, values, heads[0].mask, None, pooled)
        constants = torch.stack([layer.value for layer in layers if isinstance(layer, Constant)])
        return cls(None, None, None, constants, pooled)

    @property
    def tokens(self) -> int:
        """Text tokens that a cross-attention looks at; 0 where none does, as there is one alone."""
        return 0 if self.keys is None else self.keys.shape[3]

    def layer(self, index: int) -> LayerText:
        """What block ``index`` reads."""
        if self.constants is not None:
            return Constant(self.constants[index])
        if self.keys is None or self.values is None:
            raise ValueError("a text memory has keys and values, or constants")
        return Heads(self.keys[index], self.values[index], self.mask)

    def padded(self, tokens: int) -> "TextMemory":
        """The same with masked tokens behind it, so that texts of several lengths share a batch. A take whose text is
        always filled up to the same length is the same to the last bit alone and in company."""
        if self.keys is None or self.values is None or tokens < self.tokens:
            raise ValueError(f"{self.tokens} text tokens cannot be filled up to {tokens}")
        spare = tokens - self.tokens
        real = self.keys.new_ones(self.keys.shape[1], self.tokens, dtype=torch.bool) if self.mask is None else self.mask
        keys, values = (F.pad(x, (0, 0, 0, spare)) for x in (self.keys, self.values))
        return TextMemory(keys, values, F.pad(real, (0, spare)), None, self.pooled)

    def bucketed(self) -> "TextMemory":
        """Filled up to a multiple of ``BUCKET`` tokens; constants stay as they are."""
        return self if self.keys is None else self.padded(-(-self.tokens // BUCKET) * BUCKET)

    def repeat(self, times: int) -> "TextMemory":
        """All items so many times over, one after another."""
        return TextMemory.cat([self] * times)

    @staticmethod
    def cat(parts: Sequence["TextMemory"]) -> "TextMemory":
        """Items of all parts in order; all must look at the same number of tokens."""
        if len(parts) == 1:
            return parts[0]

        def joined(tensors: list[Tensor | None], dim: int) -> Tensor | None:
            given = [tensor for tensor in tensors if tensor is not None]
            if given and len(given) < len(tensors):
                raise ValueError("text memories of different kinds do not join; fill them up first")
            return torch.cat(given, dim) if given else None

        return TextMemory(
            joined([p.keys for p in parts], 1), joined([p.values for p in parts], 1),
            joined([p.mask for p in parts], 0), joined([p.constants for p in parts], 1),
            joined([p.pooled for p in parts], 0),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class PreparedText(Conditioning):
    """A conditioning with what the blocks of one backbone, which is known by its ``mark``, make of it. What is derived
    from it (another batch, a selection) is a plain conditioning again."""

    memory: TextMemory
    mark: object
