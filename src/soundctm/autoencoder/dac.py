"""The paper's autoencoder: an encoder and decoder of the Descript Audio Codec with a Gaussian bottleneck.

Weights are held folded: weight normalisation is a way to train, not to run. Inside, signals are ``[B, C, 1, T]``
(:mod:`~soundctm.autoencoder.rows`).
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
from soundctm.autoencoder.reach import Span, needs, rate, spans, taps_of
from soundctm.autoencoder.rows import Conv, UpConv, from_rows, to_rows
from soundctm.autoencoder.snake import Snake

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


class ResidualUnit(nn.Module):
    """Snake, dilated convolution of 7, snake, convolution of 1, added to the input."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            Snake(channels),
            Conv(channels, channels, 7, dilation=dilation, padding=3 * dilation),
            Snake(channels),
            Conv(channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.block(x)
        if torch.is_grad_enabled() or y.dtype != x.dtype:
            return x + y
        return y.add_(x)  # nobody else holds it


class EncoderBlock(nn.Module):
    """Three residual units, then a strided convolution that doubles the channels."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        down = Conv(channels, 2 * channels, 2 * stride, stride=stride, padding=math.ceil(stride / 2))
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
        up = UpConv(channels, half, 2 * stride, stride=stride, padding=math.ceil(stride / 2))
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
        layers: list[nn.Module] = [Conv(1, width, 7, padding=3)]
        for stride in config.encoder_rates:
            layers.append(EncoderBlock(width, stride))
            width *= 2
        layers += [Snake(width), Conv(width, 2 * config.latent_dim, 3, padding=1)]
        self.block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return from_rows(self.block(to_rows(x)))


class Decoder(nn.Module):
    """Latents ``[B, latent_dim, T]`` -> waveform ``[B, 1, T * hop]`` in (-1, 1)."""

    def __init__(self, config: DACConfig, checkpointing: bool) -> None:
        super().__init__()
        width = config.decoder_dim
        layers: list[nn.Module] = [Conv(config.latent_dim, width, 7, padding=3)]
        for stride in config.decoder_rates:
            layers.append(DecoderBlock(width, stride, checkpointing))
            width //= 2
        layers += [Snake(width), Conv(width, 1, 7, padding=3), nn.Tanh()]
        self.model = nn.Sequential(*layers)
        self.taps = [taps_of(layer) for layer in layers]
        self.checkpointing = checkpointing

    def forward(self, x: Tensor) -> Tensor:
        x = to_rows(x)
        for layer in self.model:
            x = self._run(layer, x)
        return from_rows(x)

    def part(self, x: Tensor, out: Span) -> Tensor:
        """The samples ``out`` of the waveform of ``x``. No layer computes much more than the next ones need of it."""
        given, *wanted = spans(self.taps, x.shape[-1], out)
        x = to_rows(x[..., given.start : given.stop])
        for layer, taps, span in zip(self.model, self.taps, wanted, strict=True):
            first = given.start * rate(taps)
            x, given = self._run(layer, x)[..., span.start - first : span.stop - first], span
        return from_rows(x)

    def _run(self, layer: nn.Module, x: Tensor) -> Tensor:
        whole = self.checkpointing and not isinstance(layer, DecoderBlock)  # a block sees to its own layers
        return frugal(layer, x) if whole else cast(Tensor, layer(x))


class GaussianDAC(nn.Module):
    """Waveform ``[B, 1, length]`` <-> latents ``[B, latent_dim, length / hop]`` (raw scale).

    With ``checkpointing``, decoding that records gradients keeps only what enters each layer and computes the rest
    again on the way back: guidance through the decoder then fits in memory.

    ``context_frames`` is how many latent frames on either side of a frame its samples depend on.
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
        around = needs(sum(self.decoder.taps, ()), Span(0, self.hop))
        self.context_frames = max(-around.start, around.stop - 1)

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

    def decode_part(self, z: Tensor, start: int, stop: int) -> Tensor:
        """Samples ``[B, 1, (stop - start) * hop]`` of the latent frames ``start <= i < stop`` of ``z [B, C, T]``, as
        :meth:`decode` has them, up to float32 rounding. Time and memory go by the length of the part."""
        return self.decoder.part(self.post_conv(z), Span(start * self.hop, stop * self.hop))
