"""What a training step reads: latents with conditioning, everything encoded beforehand."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from soundctm.conditioning import Conditioning


def digest(*contents: bytes) -> str:
    """A short digest of some bytes."""
    whole = hashlib.sha256()
    for content in contents:
        whole.update(content)
    return whole.hexdigest()[:16]


@dataclass(frozen=True)
class Batch:
    """Normalised latents ``z_0 [B, C, T]`` and what is said of them, some captions dropped."""

    z_0: Tensor
    conditioning: Conditioning

    def share(self, rows: slice, device: torch.device) -> "Batch":
        """The rows of one process, on its device."""
        tokens, mask = self.conditioning.tokens[rows], self.conditioning.mask[rows]
        return Batch(self.z_0[rows].to(device), Conditioning(tokens.to(device), mask.to(device)))


class LatentSource(Protocol):
    """A batch is a function of the source's seed and the step alone, so a resumed run draws what an uninterrupted one
    would have drawn."""

    @property
    def channels(self) -> int: ...

    @property
    def context_dim(self) -> int: ...

    @property
    def identity(self) -> str:
        """A digest of what there is to learn: a training does not go on with other data."""
        ...

    def batch(self, step: int, size: int, drop: float) -> Batch:
        """``size`` clips; each caption becomes the empty one with probability ``drop``."""
        ...

    def unconditional(self) -> Conditioning:
        """The empty caption, one item."""
        ...

    def describe(self, step: int, size: int) -> Mapping[str, Any]:
        """Which clips and captions a batch holds, for a report."""
        ...
