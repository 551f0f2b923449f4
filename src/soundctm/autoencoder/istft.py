"""The fast autoencoder of the embedded model: a linear spectral codec and a small learned decoder.

Encoder: log band magnitudes of an STFT, ``stack`` frames joined, projected on principal components. It is linear in
the log spectrum, fitted in seconds, and costs one FFT per frame.
Decoder: ConvNeXt blocks at frame rate (Siuzdak, Vocos, 2023) refine the band magnitudes to bins and predict, per band,
how much of the sound is sinusoid, noise or click; their phases come from :mod:`soundctm.autoencoder.phase`, from the
spectrum of white noise, and from the click delay. A free complex part carries what none of them can. Then one inverse
STFT.
"""

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from soundctm.autoencoder.dense import convolve
from soundctm.autoencoder.phase import click_delay, click_phasor, sinusoid_phasor
from soundctm.autoencoder.posterior import Posterior
from soundctm.autoencoder.spectral import band_edges, band_matrix, bin_interpolation, istft, stft
from soundctm.onednn import linear

MAGNITUDE_FLOOR = 0.01  # about 94 dB below a full-scale sine in a 2048-point Hann frame
SOURCES = 3  # sinusoids, noise, click


class SpectralConfig(BaseModel):
    """Sizes of the spectral autoencoder. ``hop`` of the latents is ``frame_hop * stack`` samples."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["istft"] = "istft"
    sample_rate: int = 44100
    n_fft: int = 2048
    frame_hop: int = 512
    bands: int = 160
    stack: int = 2
    channels: int = 64
    width: int = 256
    depth: int = 5
    mult: int = 3
    kernel: int = 7


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, channel norm, inverted bottleneck, scaled residual (Liu et al. 2022): ``[B, M, C]``."""

    def __init__(self, width: int, mult: int, kernel: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, mult * width)
        self.project = nn.Linear(mult * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.2))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(convolve(self.depthwise, x))
        y = linear(self.project, linear(self.expand, y, gelu=True))
        return torch.addcmul(x, self.scale, y)


class SpectralAutoencoder(nn.Module):
    """Waveform ``[B, 1, length]`` <-> latents ``[B, channels, length / hop]`` (raw scale)."""

    window: Tensor
    band_mean: Tensor
    basis: Tensor
    band_weights: Tensor
    lower_band: Tensor
    upper_share: Tensor

    def __init__(self, config: SpectralConfig) -> None:
        super().__init__()
        self.config = config
        self.sample_rate = config.sample_rate
        self.frame_hop = config.frame_hop
        self.hop = config.frame_hop * config.stack
        self.channels = config.channels
        bins, stacked = config.n_fft // 2 + 1, config.bands * config.stack
        edges = band_edges(bins, config.bands)
        lower, share = bin_interpolation(edges)
        self.register_buffer("window", torch.hann_window(config.n_fft), persistent=False)
        self.register_buffer("band_weights", band_matrix(edges), persistent=False)
        self.register_buffer("lower_band", lower, persistent=False)
        self.register_buffer("upper_share", share, persistent=False)
        self.register_buffer("band_mean", torch.zeros(stacked))
        self.register_buffer("basis", torch.eye(config.channels, stacked))
        self.embed = nn.Conv1d(config.bands, config.width, config.kernel, padding=config.kernel // 2)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(config.width, config.mult, config.kernel) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.width)
        self.to_correction = nn.Linear(config.width, bins)
        self.to_free = nn.Linear(config.width, 2 * bins)
        self.to_sources = nn.Linear(config.width, SOURCES * config.bands)
        self.to_delay = nn.Linear(config.width, 1)
        for head in (self.to_correction, self.to_free, self.to_delay):
            nn.init.normal_(head.weight, std=1e-3)
            nn.init.zeros_(head.bias)

    def log_bands(self, x: Tensor) -> Tensor:
        """Log band magnitudes, frames stacked: ``[B, bands * stack, length / hop]`` of ``x [B, length]``."""
        power = stft(x, self.config.n_fft, self.config.frame_hop, self.window).abs().square()
        bands = 0.5 * torch.log(self.band_weights @ power + MAGNITUDE_FLOOR**2)
        batch, count, frames = bands.shape
        stacked = bands.reshape(batch, count, frames // self.config.stack, self.config.stack)
        return stacked.permute(0, 3, 1, 2).reshape(batch, count * self.config.stack, -1)

    def encode(self, x: Tensor) -> Posterior:
        """Latents of a waveform ``[B, 1, length]``, zero-padded on the right to a multiple of ``hop``.

        The codec is deterministic: the posterior's log variance is at its lower bound, -30.
        """
        x = F.pad(x[:, 0], (0, -x.shape[-1] % self.hop))
        mean = self.basis @ (self.log_bands(x) - self.band_mean[:, None])
        return Posterior(mean, torch.full_like(mean, -30.0))

    def _bands_of(self, z: Tensor) -> Tensor:
        """Log band magnitudes at frame rate ``[B, stack * T, bands]`` of latents ``[B, channels, T]``."""
        stacked = z.transpose(1, 2) @ self.basis + self.band_mean
        return stacked.reshape(z.shape[0], -1, self.config.bands)

    def frame_power(self, z: Tensor) -> Tensor:
        """Power ``[B, stack * T]`` of each ``frame_hop`` samples, but for a factor, by the bands of latents
        ``[B, channels, T]`` alone: how loud a sound is when, for a small part of what it costs to decode it."""
        power = torch.exp(2.0 * self._bands_of(z)) - MAGNITUDE_FLOOR**2
        return power.clamp_min_(0.0) @ self.band_weights.count_nonzero(1).to(power)

    def _to_bins(self, bands: Tensor) -> Tensor:
        """Linear interpolation ``[..., bands] -> [..., bins]``."""
        shape = (*bands.shape[:-1], -1)
        low, high = (bands.gather(-1, index.expand(shape)) for index in (self.lower_band, self.lower_band + 1))
        return torch.lerp(low, high, self.upper_share)

    def features(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden features ``[B, M, width]`` and log band magnitudes ``[B, M, bands]`` of latents."""
        bands = self._bands_of(z)
        h = convolve(self.embed, bands * 0.4 + 0.4)
        for block in self.blocks:
            h = block(h)
        return self.norm(h), bands

    def synthesise(self, h: Tensor, bands: Tensor, noise: Tensor) -> Tensor:
        """Waveform ``[B, length]`` from features, bands and white noise ``[B, length]`` of unit variance."""
        n_fft, hop = self.config.n_fft, self.config.frame_hop
        log_magnitude = linear(self.to_correction, h) + self._to_bins(bands)
        sinusoid = sinusoid_phasor(log_magnitude, n_fft, hop)
        magnitude = log_magnitude.clamp_max(8.0).exp_()
        delay = click_delay(magnitude.detach().square().sum(-1), hop) + hop * torch.tanh(self.to_delay(h))[..., 0]
        gates = linear(self.to_sources, h).sigmoid().unflatten(-1, (SOURCES, -1))
        sine, texture, click = (self._to_bins(gate) for gate in gates.unbind(-2))
        white = stft(noise, n_fft, hop, self.window / self.window.norm()).transpose(1, 2)
        free = linear(self.to_free, h).unflatten(-1, (2, -1)).unbind(-2)
        k = torch.arange(n_fft // 2 + 1, device=h.device)
        centre = 1.0 - 2.0 * (k % 2)  # phases are counted from the frame centre: a factor of (-1)^k
        sources = zip(free, sinusoid, click_phasor(delay, n_fft), (white.real, white.imag), strict=True)
        # Backward needs none of the sums: they may grow in place.
        real, imag = (
            torch.addcmul(own, sine, tone).addcmul_(click, late).mul_(centre).addcmul_(texture, hiss)
            for own, tone, late, hiss in sources
        )
        return istft(torch.complex(magnitude * real, magnitude * imag).transpose(1, 2), n_fft, hop, self.window)

    def decode(self, z: Tensor, seed: int | Sequence[int] = 0) -> Tensor:
        """Waveform ``[B, 1, T * hop]`` of latents ``[B, channels, T]``.

        The texture noise of each item is drawn on the CPU from its seed (one for all, or one per item), so a decoded
        sound depends on its own latents and seed alone.
        """
        seeds = [seed] * z.shape[0] if isinstance(seed, int) else list(seed)
        if len(seeds) != z.shape[0]:
            raise ValueError(f"decode: {len(seeds)} seeds for a batch of {z.shape[0]}; give one seed, or one per item")
        length = z.shape[-1] * self.hop
        noise = torch.stack([torch.randn(length, generator=torch.Generator().manual_seed(s)) for s in seeds])
        noise = noise.to(z.device, z.dtype)
        at_once = 1 if z.device.type == "cpu" else len(seeds)  # one keeps the cores of a CPU busy
        pieces = zip(z.split(at_once), noise.split(at_once), strict=True)
        decoded = [self.synthesise(*self.features(latents), drawn) for latents, drawn in pieces]
        return torch.cat(decoded)[:, None]
