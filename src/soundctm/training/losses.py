"""Spectral distances between waveforms and the generalised energy distance over them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundctm.audio.mel import mel_filters
from soundctm.training.adversarial import energy

FLOOR = 1e-4  # of log spectra, relative to a window of unit sum


def mel_means(bins: int, mels: int, sample_rate: int) -> Tensor:
    """Mel filters ``[mels, bins]`` of unit sum, so that each takes a mean, from 30 Hz to Nyquist."""
    filters = torch.from_numpy(mel_filters(bins, mels, sample_rate, 30.0, sample_rate / 2))
    return filters / filters.sum(1, keepdim=True).clamp_min(1e-8)


class SpectralDistance(nn.Module):
    """Distance per item ``[B]`` of two waveforms ``[B, length]``: log-magnitude and log-mel L1 and relative linear L2,
    averaged over several window lengths."""

    def __init__(self, sample_rate: int, windows: tuple[int, ...] = (256, 512, 1024, 2048, 4096)) -> None:
        super().__init__()
        self.windows = windows
        for n in windows:
            self.register_buffer(f"window{n}", torch.hann_window(n), persistent=False)
            self.register_buffer(f"mel{n}", mel_means(n // 2 + 1, min(80, n // 8), sample_rate), persistent=False)

    def spectra(self, x: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Linear, log and log-mel magnitudes for each window length."""
        out = []
        for n in self.windows:
            window = self.get_buffer(f"window{n}")
            frames = F.pad(x, (n // 2, n // 2)).unfold(-1, n, n // 4)
            power = torch.view_as_real(torch.fft.rfft(frames * window)).square().sum(-1)
            magnitude = (power + 1e-12).sqrt() / (0.5 * n)
            mel = magnitude @ self.get_buffer(f"mel{n}").T
            out.append((magnitude, torch.log(magnitude + FLOOR), torch.log(mel + FLOOR)))
        return out

    @staticmethod
    def between(a: list[tuple[Tensor, Tensor, Tensor]], b: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
        """Distance per item from the spectra of both."""
        total = torch.zeros(())
        for (linear_a, log_a, mel_a), (linear_b, log_b, mel_b) in zip(a, b, strict=True):
            norm = 0.5 * (linear_a.square().mean((1, 2)) + linear_b.square().mean((1, 2)))
            relative = ((linear_a - linear_b).square().mean((1, 2)) / (norm + 1e-7) + 1e-6).sqrt()
            logs = (log_a - log_b).abs().mean((1, 2)) + 2.0 * (mel_a - mel_b).abs().mean((1, 2))
            total = total + logs + 0.5 * relative
        return total / len(a)


def energy_distance(distance: SpectralDistance, target: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Generalised energy distance ``d(x, y) + d(x, y') - d(y, y')`` per item, for two independent draws ``y, y'``.

    A plain distance to one target rewards a mean texture; taking off the distance between two draws rewards draws
    that differ from each other as much as they differ from the target (Gritsenko et al., 2020).
    """
    x, y, z = (distance.spectra(w) for w in (target, first, second))
    return energy(distance.between, x, y, z)
