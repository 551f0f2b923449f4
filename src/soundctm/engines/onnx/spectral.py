"""The spectral autoencoder in operations that every runtime knows; the numbers are those of the torch module."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan

from soundctm.autoencoder.istft import MAGNITUDE_FLOOR, SOURCES, SpectralAutoencoder
from soundctm.autoencoder.phase import click_delay
from soundctm.autoencoder.spectral import band_edges, band_matrix, bin_interpolation
from soundctm.engines.onnx.fourier import ShortTimeFourier

TURN = 2 * math.pi


def _nearest_peak(log_magnitude: Tensor) -> Tensor:
    """Index ``[B, M, K]`` of the spectral peak nearest to each bin; the lower of two at one distance.

    Peaks are numbered from 1 and noted down by number: the last peak up to a bin has as number the count of peaks so
    far.
    """
    bins = log_magnitude.shape[-1]
    rises = log_magnitude[..., 1:] >= log_magnitude[..., :-1]
    peak = F.pad(rises, (1, 0), value=True) & F.pad(~rises, (0, 1), value=True)
    index, count = torch.arange(bins), peak.long().cumsum(-1)
    nowhere = F.pad(torch.full_like(count, 3 * bins), (1, 1), value=-bins)  # none before the first, none after the last
    places = nowhere.scatter(-1, torch.where(peak, count, bins + 1), index.expand_as(count))
    below, above = places.gather(-1, count), places.gather(-1, count + (~peak).long())
    return torch.where(index - below <= above - index, below, above)


def _advance(log_magnitude: Tensor, peak: Tensor, turn_per_bin: float) -> Tensor:
    """How far each bin's peak turns within a hop ``[B, M, K]``, in radians up to a full turn."""
    a, b, c = log_magnitude[..., :-2], log_magnitude[..., 1:-1], log_magnitude[..., 2:]
    offset = F.pad((0.5 * (a - c) / (a - 2 * b + c).clamp_max(-1e-4)).clamp(-0.5, 0.5), (1, 1))
    frequency = torch.arange(log_magnitude.shape[-1]) + offset
    return _wrapped(turn_per_bin * frequency.gather(-1, peak))


def _wrapped(angle: Tensor) -> Tensor:
    return angle - TURN * (angle * (1 / TURN)).floor()


def _frame(theta: Tensor, inputs: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """One frame of the recursion; a scan wants its state and its output apart."""
    peak, advance = inputs
    theta = _wrapped(theta.gather(-1, peak) + advance)
    return theta, theta.clone()


def running_phase(log_magnitude: Tensor, n_fft: int, hop: int) -> Tensor:
    """Phases of :func:`soundctm.autoencoder.phase.sinusoid_phasor` by a recursion, frame by frame: ``[B, M, K]``."""
    peak = _nearest_peak(log_magnitude)
    advance = _advance(log_magnitude, peak, TURN * hop / n_fft)
    _, theta = scan(_frame, torch.zeros_like(advance[:, 0]), (peak.transpose(0, 1), advance.transpose(0, 1)))
    return theta.transpose(0, 1)


class SpectralEncoder(nn.Module):
    """Waveform ``[B, 1, T hop]`` -> mean and log variance ``[B, channels, T]``."""

    band_weights: Tensor

    def __init__(self, codec: SpectralAutoencoder) -> None:
        super().__init__()
        self.codec, self.config = codec, codec.config
        self.frame = ShortTimeFourier(codec.config.n_fft, codec.config.frame_hop)
        edges = band_edges(codec.config.n_fft // 2 + 1, codec.config.bands)
        self.register_buffer("band_weights", band_matrix(edges).T.contiguous(), persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        power = self.frame(x[:, 0]).square().sum(2)
        bands = 0.5 * torch.log(power @ self.band_weights + MAGNITUDE_FLOOR**2)  # [B, M, bands]
        stacked = bands.reshape(x.shape[0], -1, self.config.stack * self.config.bands)
        mean = self.codec.basis @ (stacked - self.codec.band_mean).transpose(1, 2)
        return mean, torch.full_like(mean, -30.0)


class SpectralDecoder(nn.Module):
    """Latents ``[B, channels, T]`` and white noise ``[B, T hop]`` of unit variance -> waveform ``[B, 1, T hop]``."""

    to_bins: Tensor
    centre: Tensor

    def __init__(self, codec: SpectralAutoencoder) -> None:
        super().__init__()
        self.codec, self.config = codec, codec.config
        self.frame = ShortTimeFourier(codec.config.n_fft, codec.config.frame_hop)
        self.loudness = float(self.frame.window.square().sum().sqrt())
        lower, share = bin_interpolation(band_edges(codec.config.n_fft // 2 + 1, codec.config.bands))
        one = torch.eye(codec.config.bands)
        matrix = torch.lerp(one[lower], one[lower + 1], share[:, None]).T.contiguous()
        centre = 1.0 - 2.0 * (torch.arange(codec.config.n_fft // 2 + 1) % 2)  # a frame begins half a frame earlier
        self.register_buffer("centre", centre, persistent=False)
        self.register_buffer("to_bins", matrix, persistent=False)  # a product is faster than picking single numbers

    def forward(self, z: Tensor, noise: Tensor) -> Tensor:
        n_fft, hop, codec = self.config.n_fft, self.config.frame_hop, self.codec
        h, bands = codec.features(z)
        log_magnitude = bands @ self.to_bins + codec.to_correction(h)
        magnitude = log_magnitude.clamp_max(8.0).exp()
        delay = click_delay(magnitude.square().sum(-1), hop) + hop * torch.tanh(codec.to_delay(h))[..., 0]
        late = -TURN / n_fft * delay[..., None] * torch.arange(n_fft // 2 + 1)
        running = running_phase(log_magnitude, n_fft, hop)
        sine, texture, click = (codec.to_sources(h).unflatten(-1, (SOURCES, -1)).sigmoid() @ self.to_bins).unbind(-2)
        real = sine * running.cos() + click * late.cos()
        imag = sine * running.sin() + click * late.sin()
        tones = (torch.stack([real, imag], dim=2) + codec.to_free(h).unflatten(-1, (2, -1))) * self.centre
        white = (texture / self.loudness)[:, :, None] * self.frame(noise)
        return self.frame.inverse(magnitude[:, :, None] * (tones + white))[:, None]
