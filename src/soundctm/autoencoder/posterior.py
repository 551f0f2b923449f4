"""The Gaussian an encoder returns."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Posterior:
    """Diagonal Gaussian over latents: ``mean`` and ``logvar``, both ``[B, C, T]``."""

    mean: Tensor
    logvar: Tensor

    @property
    def mode(self) -> Tensor:
        return self.mean

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """One draw ``mean + exp(logvar / 2) eps``."""
        eps = torch.randn(self.mean.shape, generator=generator, dtype=self.mean.dtype)
        return self.mean + torch.exp(0.5 * self.logvar) * eps.to(self.mean.device)
