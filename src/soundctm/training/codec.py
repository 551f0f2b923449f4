"""Fits the spectral codec: principal components of stacked log bands, and the statistics of its latents."""

from collections.abc import Iterable

import torch
from torch import Tensor

from soundctm.autoencoder.istft import SpectralAutoencoder

TEMPER = 0.5  # latents keep this power of a component's spread, see `latent_statistics`


@torch.no_grad()
def fit_basis(autoencoder: SpectralAutoencoder, waveforms: Iterable[Tensor]) -> Tensor:
    """Set ``band_mean`` and ``basis`` from waveforms, each ``[B, length]``. Returns the components' standard
    deviations ``[channels]``, largest first."""
    size = autoencoder.band_mean.numel()
    total, square, count = torch.zeros(size), torch.zeros(size, size), 0
    for x in waveforms:
        stacked = autoencoder.log_bands(x).transpose(1, 2).reshape(-1, size)
        total += stacked.sum(0)
        square += stacked.T @ stacked
        count += len(stacked)
    mean = total / count
    covariance = square / count - torch.outer(mean, mean)
    values, vectors = torch.linalg.eigh(covariance.double())
    order = values.argsort(descending=True)[: autoencoder.channels]
    autoencoder.band_mean.copy_(mean)
    autoencoder.basis.copy_(vectors[:, order].T.float())
    return values[order].clamp_min(0).sqrt().float()


def latent_scale(spread: Tensor) -> Tensor:
    """The divisor ``std [channels]`` of the normaliser for components of standard deviation ``spread``.

    Dividing by the spread itself would give a component that nobody hears the weight of the loudest; not dividing
    would leave it unlearned. Latents keep ``spread ** TEMPER``, scaled to unit mean square over all channels.
    """
    kept = spread**TEMPER
    kept = kept / kept.square().mean().sqrt()
    return spread / kept
