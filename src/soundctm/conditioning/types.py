"""What a text encoder hands to a backbone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Match = Callable[[str, Tensor], float]  # how well normalised latents [1, C, T] fit a prompt: more is better


@dataclass(frozen=True, eq=False)
class Conditioning:
    """Tokens ``[B, N, D]`` and their mask ``[B, N]``, True where a token is real; each item has at least one."""

    tokens: Tensor
    mask: Tensor

    def __post_init__(self) -> None:
        if self.tokens.ndim != 3 or self.mask.shape != self.tokens.shape[:2] or self.mask.dtype != torch.bool:
            raise ValueError(
                f"Conditioning: tokens {tuple(self.tokens.shape)} and mask {tuple(self.mask.shape)} of "
                f"{self.mask.dtype} do not fit; expected [B, N, D] and a bool [B, N]"
            )

    def __len__(self) -> int:
        return len(self.tokens)

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Conditioning":
        """Moved to a device; ``dtype`` is that of the tokens."""
        return Conditioning(self.tokens.to(device=device, dtype=dtype), self.mask.to(device=device))

    def expand(self, batch: int) -> "Conditioning":
        """One item stands for ``batch`` items; a conditioning of ``batch`` items stays as it is."""
        if len(self) == batch:
            return self
        if len(self) != 1:
            raise ValueError(f"Conditioning of {len(self)} items does not expand to {batch}")
        return Conditioning(self.tokens.expand(batch, -1, -1), self.mask.expand(batch, -1))

    def select(self, index: Tensor | slice) -> "Conditioning":
        """The items at ``index``."""
        return Conditioning(self.tokens[index], self.mask[index])

    @staticmethod
    def cat(parts: Sequence["Conditioning"]) -> "Conditioning":
        """Items of all parts in order, padded to the longest."""
        longest = max(part.tokens.shape[1] for part in parts)
        spare = [longest - part.tokens.shape[1] for part in parts]
        tokens = [F.pad(part.tokens, (0, 0, 0, n)) for part, n in zip(parts, spare, strict=True)]
        mask = [F.pad(part.mask, (0, n)) for part, n in zip(parts, spare, strict=True)]
        return Conditioning(torch.cat(tokens), torch.cat(mask))
