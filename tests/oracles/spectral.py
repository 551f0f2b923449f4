"""The decoder of the spectral autoencoder written out: every bin its own angle, frame after frame, nothing shared."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from soundctm.autoencoder.istft import SOURCES, SpectralAutoencoder
from soundctm.autoencoder.phase import click_delay


def nearest_peak(row: Tensor) -> Tensor:
    """For each bin of ``row [K]`` the nearest bin that is no lower than the one before and higher than the one after;
    the lower of two that are as near."""
    last = len(row) - 1
    peaks = [k for k in range(last + 1) if (k == 0 or row[k] >= row[k - 1]) and (k == last or row[k] > row[k + 1])]
    return torch.tensor([min(peaks, key=lambda p: (abs(p - k), p)) for k in range(last + 1)])


def peak_frequency(row: Tensor) -> Tensor:
    """The vertex ``[K]`` of the parabola through each bin of ``row [K]`` and its neighbours, within half a bin."""
    a, b, c = row[:-2], row[1:-1], row[2:]
    offset = (0.5 * (a - c) / (a - 2 * b + c).clamp_max(-1e-4)).clamp(-0.5, 0.5)
    return torch.arange(len(row)) + F.pad(offset, (1, 1))


def running_phase(log_magnitude: Tensor, n_fft: int, hop: int) -> Tensor:
    """Phases ``[B, M, K]`` in radians: the recursion of :func:`soundctm.autoencoder.phase.sinusoid_phasor`."""
    out = []
    for rows in log_magnitude.detach():
        theta, frames = torch.zeros_like(rows[0]), []
        for row in rows:
            peak = nearest_peak(row)
            advance = 2 * math.pi * hop / n_fft * peak_frequency(row)
            theta = torch.remainder(theta[peak] + advance[peak], 2 * math.pi)
            frames.append(theta)
        out.append(torch.stack(frames))
    return torch.stack(out)


def overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Sum of ``frames [B, M, n]`` at distances of ``hop``: ``[B, (M - 1) hop + n]``."""
    batch, count, n = frames.shape
    out = frames.new_zeros(batch, (count - 1) * hop + n)
    for m in range(count):
        out = out + F.pad(frames[:, m], (m * hop, (count - 1 - m) * hop))
    return out


def istft(spectrum: Tensor, n_fft: int, hop: int, window: Tensor) -> Tensor:
    """Waveform ``[B, M hop]`` of ``spectrum [B, M, K]``, by least squares."""
    count, pad = spectrum.shape[1], (n_fft - hop) // 2
    inside = slice(pad, pad + count * hop)
    total = overlap_add(torch.fft.irfft(spectrum, n=n_fft) * window, hop)[:, inside]
    weight = overlap_add(window.square().expand(1, count, n_fft), hop)[:, inside]
    return total / weight.clamp_min(1e-4)


def features(model: SpectralAutoencoder, z: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden features ``[B, M, width]`` and log band magnitudes ``[B, M, bands]``, channels before frames until the
    last norm."""
    config, weights = model.config, dict(model.named_parameters())
    stacked = model.basis.T @ z + model.band_mean[:, None]
    bands = stacked.unflatten(1, (config.stack, config.bands)).permute(0, 2, 3, 1).flatten(2)
    h = F.conv1d(bands * 0.4 + 0.4, weights["embed.weight"], weights["embed.bias"], padding=config.kernel // 2)
    for i in range(config.depth):
        own = {name.removeprefix(f"blocks.{i}."): w for name, w in weights.items() if name.startswith(f"blocks.{i}.")}
        y = F.conv1d(h, own["depthwise.weight"], own["depthwise.bias"], padding=config.kernel // 2, groups=config.width)
        y = F.layer_norm(y.transpose(1, 2), (config.width,), own["norm.weight"], own["norm.bias"])
        y = F.gelu(F.linear(y, own["expand.weight"], own["expand.bias"]), approximate="tanh")
        y = F.linear(y, own["project.weight"], own["project.bias"])
        h = h + (own["scale"] * y).transpose(1, 2)
    h = F.layer_norm(h.transpose(1, 2), (config.width,), weights["norm.weight"], weights["norm.bias"])
    return h, bands.transpose(1, 2)


def synthesise(model: SpectralAutoencoder, h: Tensor, bands: Tensor, noise: Tensor) -> Tensor:
    """Waveform ``[B, length]``."""
    n_fft, hop, window = model.config.n_fft, model.config.frame_hop, model.window

    def to_bins(values: Tensor) -> Tensor:
        low, high = values[..., model.lower_band], values[..., model.lower_band + 1]
        return low + (high - low) * model.upper_share

    log_magnitude = to_bins(bands) + model.to_correction(h)
    magnitude = log_magnitude.clamp_max(8.0).exp()
    delay = click_delay(magnitude.detach().square().sum(-1), hop) + hop * torch.tanh(model.to_delay(h))[..., 0]
    k = torch.arange(n_fft // 2 + 1)
    running, late = running_phase(log_magnitude, n_fft, hop), -2 * math.pi / n_fft * delay[..., None] * k
    sine, texture, click = to_bins(model.to_sources(h).unflatten(-1, (SOURCES, -1)).sigmoid()).unbind(-2)
    free_real, free_imag = model.to_free(h).unflatten(-1, (2, -1)).unbind(-2)
    pad = (n_fft - hop) // 2
    white = torch.fft.rfft(F.pad(noise, (pad, pad)).unfold(-1, n_fft, hop) * window) / window.square().sum().sqrt()
    centre = 1.0 - 2.0 * (k % 2)
    real = (sine * running.cos() + click * late.cos() + free_real) * centre + texture * white.real
    imag = (sine * running.sin() + click * late.sin() + free_imag) * centre + texture * white.imag
    return istft(torch.complex(magnitude * real, magnitude * imag), n_fft, hop, window)


def decode(model: SpectralAutoencoder, z: Tensor, seeds: list[int]) -> Tensor:
    """Waveforms ``[B, 1, T hop]``."""
    length = z.shape[-1] * model.hop
    noise = torch.stack([torch.randn(length, generator=torch.Generator().manual_seed(s)) for s in seeds])
    return synthesise(model, *features(model, z), noise.to(z.dtype))[:, None]
