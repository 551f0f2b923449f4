"""Autoencoders that are plain linear maps, so that what controls do to a sound can be computed by hand."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundctm.autoencoder.normalizer import Normalizer
from soundctm.autoencoder.posterior import Posterior
from soundctm.control.codec import Codec


class LinearAutoencoder(nn.Module):
    """Each frame of ``hop`` samples times an orthogonal matrix: as many channels as samples, and nothing is lost."""

    matrix: Tensor

    def __init__(self, hop: int = 16, sample_rate: int = 8000, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.hop, self.channels, self.sample_rate = hop, hop, sample_rate
        random = torch.randn(hop, hop, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        self.register_buffer("matrix", torch.linalg.qr(random).Q.to(dtype))

    def encode(self, x: Tensor) -> Posterior:
        x = F.pad(x[:, 0], (0, -x.shape[-1] % self.hop))
        mean = self.matrix @ x.unflatten(-1, (-1, self.hop)).transpose(1, 2)
        return Posterior(mean, torch.full_like(mean, -30.0))

    def decode(self, z: Tensor, seed: int = 0) -> Tensor:
        return (self.matrix.T @ z).transpose(1, 2).flatten(1)[:, None]


class SmearingAutoencoder(LinearAutoencoder):
    """A decoder whose frames look at ``reach`` neighbours on each side; past the ends there is nothing to look at."""

    def __init__(self, reach: int = 2, hop: int = 16) -> None:
        super().__init__(hop)
        self.reach = reach

    def decode(self, z: Tensor, seed: int = 0) -> Tensor:
        padded = F.pad(z, (self.reach, self.reach))
        shares = 0.6 ** torch.arange(2 * self.reach + 1, dtype=z.dtype)
        seen = padded.unfold(-1, 2 * self.reach + 1, 1) @ shares
        return super().decode(seen, seed)


def plain_codec(autoencoder: LinearAutoencoder) -> Codec:
    """A codec whose normaliser changes nothing."""
    ones = torch.ones(autoencoder.channels, dtype=autoencoder.matrix.dtype)
    return Codec(autoencoder, Normalizer(0 * ones, 0.5 * ones))


class InterpolatingAutoencoder(nn.Module):
    """One channel, decoded as straight lines from the middle of a frame to the middle of the next: no sound has steps
    but where frames that should be neighbours were not decoded together."""

    channels = 1

    def __init__(self, hop: int = 16, sample_rate: int = 8000) -> None:
        super().__init__()
        self.hop, self.sample_rate = hop, sample_rate

    def decode(self, z: Tensor, seed: int = 0) -> Tensor:
        return F.interpolate(z, scale_factor=self.hop, mode="linear")
