"""The multi-band complex-STFT discriminator (Kumar et al. 2023): one small network per band of the spectrum."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from soundctm.autoencoder.spectral import stft
from soundctm.training.discriminators.judgement import Judgement, rectify

WIDE = ((3, 9), (1, 4))  # kernel and padding over (frames, bins)
# So many that every tap of the fourth layer's kernel meets a bin: to taps that meet none, the bfloat16 kernel of CPUs
# (oneDNN, torch 2.13) gives a gradient of uninitialised memory.
FEWEST_BINS = 17
SQUARE = ((3, 3), (1, 1))


def band_slices(bins: int, edges: tuple[float, ...]) -> list[slice]:
    """Neighbouring slices of ``bins`` spectral bins between fractions ``edges``, rising from 0 to 1."""
    if edges[0] != 0.0 or edges[-1] != 1.0 or any(b <= a for a, b in pairwise(edges)):
        raise ValueError(f"band edges {edges} do not rise from 0 to 1")
    slices = [slice(int(a * bins), int(b * bins)) for a, b in pairwise(edges)]
    fewest = min(part.stop - part.start for part in slices)
    if fewest < FEWEST_BINS:
        raise ValueError(
            f"{bins} bins leave {fewest} to a band of {edges}, and at least {FEWEST_BINS} are needed; "
            "use a longer window or fewer bands"
        )
    return slices


class Band(nn.Module):
    """Five convolutions over one band of a spectrum; the three in the middle halve the bins."""

    def __init__(self, width: int) -> None:
        super().__init__()
        shapes = [(2, *WIDE, 1), (width, *WIDE, 2), (width, *WIDE, 2), (width, *WIDE, 2), (width, *SQUARE, 1)]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(channels, width, kernel, stride=(1, stride), padding=padding))
            for channels, kernel, padding, stride in shapes
        )

    def forward(self, h: Tensor) -> list[Tensor]:
        """The activations of every layer ``[B, width, frames, bins]`` of ``h [B, 2, frames, bins]``."""
        features = []
        for layer in self.layers:
            h = rectify(layer(h))
            features.append(h)
        return features


class BandDiscriminator(nn.Module):
    """Judges real and imaginary parts of the STFT with one window length, each band by its own layers, all bands
    side by side by the last one. Spectra are scaled so that white noise of unit variance has unit power per bin."""

    window: Tensor

    def __init__(self, window: int, edges: tuple[float, ...], width: int) -> None:
        super().__init__()
        self.n_fft = window
        self.hop = window // 4
        self.slices = band_slices(window // 2 + 1, edges)
        self.register_buffer("window", torch.hann_window(window), persistent=False)
        self.bands = nn.ModuleList(Band(width) for _ in self.slices)
        self.judge = weight_norm(nn.Conv2d(width, 1, SQUARE[0], padding=SQUARE[1]))

    def spectrum(self, x: Tensor) -> Tensor:
        """Real and imaginary parts ``[B, 2, ceil(length / hop), n_fft / 2 + 1]`` of ``x [B, length]``, float32."""
        with torch.autocast(x.device.type, enabled=False):
            padded = F.pad(x.float(), (0, -x.shape[-1] % self.hop))
            spectrum = stft(padded, self.n_fft, self.hop, self.window) / self.window.square().sum().sqrt()
            return torch.view_as_real(spectrum).permute(0, 3, 2, 1)

    def forward(self, x: Tensor) -> Judgement:
        """Judgement of ``x [B, length]``: features ``[B, width, frames, bins of the band]``, logits
        ``[B, 1, frames, bins of all bands]``."""
        spectrum = self.spectrum(x)
        bands = [band(spectrum[..., part]) for part, band in zip(self.slices, self.bands, strict=True)]
        logits = self.judge(torch.cat([features[-1] for features in bands], dim=-1))
        return Judgement(tuple(feature for features in bands for feature in features), logits)
