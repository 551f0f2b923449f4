"""Mean and spread of each latent channel, for the normaliser."""

from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor

from soundctm.autoencoder.posterior import Posterior
from soundctm.errors import UserError


class Encoder(Protocol):
    """Anything that encodes waveforms ``[B, 1, length]``."""

    def encode(self, x: Tensor) -> Posterior: ...


@torch.no_grad()
def latent_statistics(autoencoder: Encoder, batches: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean ``[C]`` and standard deviation ``[C]`` of one draw from the posteriors of all frames of all waveforms, each
    batch ``[B, length]``.

    By the law of total variance: the spread of the posterior means, plus the mean of the posterior variances, so that
    nothing is drawn. Moments run in float64, batch merged into batch (Chan et al. 1979).
    """
    count, mean, square, variance = 0, torch.zeros(()), torch.zeros(()), torch.zeros(())
    for x in batches:
        posterior = autoencoder.encode(x.flatten(1)[:, None])
        means = posterior.mean.double().transpose(1, 2).flatten(0, 1).cpu()  # [B T, C]
        added, here = len(means), means.mean(0)
        total, delta = count + added, here - mean
        mean = mean + delta * (added / total)
        square = square + (means - here).square().sum(0) + delta.square() * (count * added / total)
        variance = variance + posterior.logvar.double().exp().sum((0, 2)).cpu()
        count = total
    if count < 2:
        raise UserError(f"latent statistics need at least 2 latent frames, got {count}; give more sounds")
    return mean.float(), ((square + variance) / count).sqrt().float()
