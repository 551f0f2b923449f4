"""Regularisation of a Gaussian latent."""

from torch import Tensor

from soundctm.autoencoder.posterior import Posterior


def gaussian_kl(posterior: Posterior) -> Tensor:
    """``KL(N(mean, exp logvar) || N(0, 1))`` in nats per latent frame: summed over channels, averaged over frames and
    batch, in float32."""
    mean, logvar = posterior.mean.float(), posterior.logvar.float()
    return (0.5 * (mean.square() + logvar.exp() - 1 - logvar)).sum(1).mean()
