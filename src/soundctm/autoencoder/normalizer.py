"""The only place that scales latents: from the autoencoder's units to a standard deviation of sigma_data."""

from torch import Tensor, nn


class Normalizer(nn.Module):
    """``(z - mean) / std * sigma_data`` per channel, and back. ``mean`` and ``std`` are ``[C]``."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor, sigma_data: float = 0.5) -> None:
        super().__init__()
        if mean.shape != std.shape or mean.ndim != 1 or not bool((std > 0).all()):
            raise ValueError(
                f"Normalizer: mean {tuple(mean.shape)} and std {tuple(std.shape)} must be [C], std positive"
            )
        self.sigma_data = sigma_data
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def normalize(self, z: Tensor) -> Tensor:
        """Raw latents ``[B, C, T]`` for the backbone."""
        return (z - self.mean[:, None]) / self.std[:, None] * self.sigma_data

    def denormalize(self, z: Tensor) -> Tensor:
        """The backbone's latents ``[B, C, T]`` for the decoder."""
        return z / self.sigma_data * self.std[:, None] + self.mean[:, None]
