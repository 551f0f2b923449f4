"""The paper's autoencoder: an encoder and decoder of the Descript Audio Codec with a Gaussian bottleneck.

Weights are held folded: weight normalisation is a way to train, not to run.
"""

import math
from collections.abc import Sequence
from typing import Literal, cast

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from soundctm.autoencoder.posterior import Posterior

LOGVAR_RANGE = (-30.0, 20.0)
DILATIONS = (1, 3, 9)


class DACConfig(BaseModel):
    """Sizes of the Gaussian DAC; the defaults are the paper's (appendix D.2)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["dac"] = "dac"
    sample_rate: int = 44100
    encoder_dim: int = 64
    encoder_rates: tuple[int, ...] = (4, 4, 8, 8)
    decoder_dim: int = 1536
    decoder_rates: tuple[int, ...] = (8, 8, 4, 4)
    latent_dim: int = 64


def frugal(layer: nn.Module, x: Tensor) -> Tensor:
    """A layer that keeps only its input for the way back, and computes the rest again there."""
    if not torch.is_grad_enabled():
        return cast(Tensor, layer(x))
    return cast(Tensor, checkpoint(layer, x, use_reentrant=False))


class Snake(nn.Module):
    """``x + sin^2(alpha x) / (alpha + 1e-9)``, one ``alpha`` per channel (Ziyin et al. 2020)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.alpha * x).square() / (self.alpha + 1e-9)


class ResidualUnit(nn.Module):
    """Snake, dilated convolution of 7, snake, convolution of 1, added to the input."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            Snake(channels),
            nn.Conv1d(channels, channels, 7, dilation=dilation, padding=3 * dilation),
            Snake(channels),
            nn.Conv1d(channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


class EncoderBlock(nn.Module):
    """Three residual units, then a strided convolution that doubles the channels."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        down = nn.Conv1d(channels, 2 * channels, 2 * stride, stride=stride, padding=math.ceil(stride / 2))
        self.block = nn.Sequential(*(ResidualUnit(channels, d) for d in DILATIONS), Snake(channels), down)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.block(x)
        return out


class DecoderBlock(nn.Module):
    """A transposed convolution that halves the channels, then three residual units."""

    def __init__(self, channels: int, stride: int, checkpointing: bool) -> None:
        super().__init__()
        self.checkpointing = checkpointing
        half = channels // 2
        up = nn.ConvTranspose1d(channels, half, 2 * stride, stride=stride, padding=math.ceil(stride / 2))
        self.block = nn.Sequential(Snake(channels), up, *(ResidualUnit(half, d) for d in DILATIONS))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.block:
            x = frugal(layer, x) if self.checkpointing else layer(x)
        return x


class Encoder(nn.Module):
    """Waveform ``[B, 1, length]`` -> ``[B, 2 * latent_dim, length / hop]``."""

    def __init__(self, config: DACConfig) -> None:
        super().__init__()
        width = config.encoder_dim
        layers: list[nn.Module] = [nn.Conv1d(1, width, 7, padding=3)]
        for stride in config.encoder_rates:
            layers.append(EncoderBlock(width, stride))
            width *= 2
        layers += [Snake(width), nn.Conv1d(width, 2 * config.latent_dim, 3, padding=1)]
        self.block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.block(x)
        return out


class Decoder(nn.Module):
    """Latents ``[B, latent_dim, T]`` -> waveform ``[B, 1, T * hop]`` in (-1, 1)."""

    def __init__(self, config: DACConfig, checkpointing: bool) -> None:
        super().__init__()
        width = config.decoder_dim
        layers: list[nn.Module] = [nn.Conv1d(config.latent_dim, width, 7, padding=3)]
        for stride in config.decoder_rates:
            layers.append(DecoderBlock(width, stride, checkpointing))
            width //= 2
        layers += [Snake(width), nn.Conv1d(width, 1, 7, padding=3), nn.Tanh()]
        self.model = nn.Sequential(*layers)
        self.checkpointing = checkpointing

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.model:
            whole = self.checkpointing and not isinstance(layer, DecoderBlock)  # a block sees to its own layers
            x = frugal(layer, x) if whole else layer(x)
        return x


class GaussianDAC(nn.Module):
    """Waveform ``[B, 1, length]`` <-> latents ``[B, latent_dim, length / hop]`` (raw scale).

    With ``checkpointing``, decoding that records gradients keeps only what enters each layer and computes the rest
    again on the way back: guidance through the decoder then fits in memory.
    """

    def __init__(self, config: DACConfig, checkpointing: bool = False) -> None:
        super().__init__()
        if math.prod(config.encoder_rates) != math.prod(config.decoder_rates):
            raise ValueError(
                f"encoder rates {config.encoder_rates} and decoder rates {config.decoder_rates} differ in product"
            )
        self.config = config
        self.sample_rate = config.sample_rate
        self.hop = math.prod(config.encoder_rates)
        self.channels = config.latent_dim
        self.encoder = Encoder(config)
        self.decoder = Decoder(config, checkpointing)
        self.pre_conv = nn.Conv1d(2 * config.latent_dim, 2 * config.latent_dim, 1)
        self.post_conv = nn.Conv1d(config.latent_dim, config.latent_dim, 1)

    def encode(self, x: Tensor) -> Posterior:
        """Gaussian over latents of ``x [B, 1, length]``, zero-padded on the right to a multiple of ``hop``."""
        moments = self.pre_conv(self.encoder(F.pad(x, (0, -x.shape[-1] % self.hop))))
        mean, logvar = moments.chunk(2, dim=1)
        return Posterior(mean, logvar.clamp(*LOGVAR_RANGE))

    def decode(self, z: Tensor, seed: int | Sequence[int] = 0) -> Tensor:
        """Waveform ``[B, 1, T * hop]`` of latents ``[B, latent_dim, T]``. This decoder draws no noise: ``seed`` is what
        all autoencoders take, and changes nothing here."""
        out: Tensor = self.decoder(self.post_conv(z))
        return out
