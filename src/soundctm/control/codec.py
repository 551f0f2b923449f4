"""Waveform to the student's latents and back, for one sound, as controls need it."""

from typing import cast

import torch
from torch import Tensor, nn

from soundctm.autoencoder.chunks import Autoencoder, LegibleAutoencoder, decode_chunked
from soundctm.autoencoder.normalizer import Normalizer

CHUNKS = {"cpu": 64}  # latent frames decoded at a time where the autoencoder can: they fit the caches
CHUNK = 1024  # elsewhere: ten seconds go in one piece, and memory is bounded


class Codec:
    """An autoencoder with its normaliser and the texture noise of one take.

    ``encode`` and ``decode`` are pure functions: the same latents give the same samples. Gradients flow through
    ``decode``.
    """

    def __init__(self, autoencoder: nn.Module, normalizer: Normalizer, seed: int = 0) -> None:
        self.autoencoder = autoencoder
        self.normalizer = normalizer
        self.seed = seed
        self.hop = int(autoencoder.hop)  # type: ignore[arg-type]
        self.sample_rate = int(autoencoder.sample_rate)  # type: ignore[arg-type]

    def encode(self, x: Tensor) -> Tensor:
        """The mean latents ``[1, C, ceil(length / hop)]`` of ``x [1, 1, length]``."""
        mean: Tensor = self.autoencoder.encode(x).mean  # type: ignore[operator]
        return self.normalizer.normalize(mean)

    def decode(self, z: Tensor, length: int | None = None) -> Tensor:
        """The waveform ``[1, 1, length]`` of latents ``[1, C, T]``; whole frames where no length is given."""
        raw, autoencoder = self.normalizer.denormalize(z), cast(Autoencoder, self.autoencoder)
        if torch.is_grad_enabled():
            return autoencoder.decode(raw, self.seed)[..., :length]
        return decode_chunked(autoencoder, raw, self.seed, CHUNKS.get(z.device.type, CHUNK))[..., :length]

    def power(self, z: Tensor, length: int) -> tuple[Tensor, float] | None:
        """The power of a sound of ``length`` samples in short frames, ``[frames]``, but for a factor, and the seconds
        of a frame, by its latents ``[1, C, T]`` alone; None where the autoencoder cannot tell without decoding."""
        if not isinstance(self.autoencoder, LegibleAutoencoder):
            return None
        hop = self.autoencoder.frame_hop
        return self.autoencoder.frame_power(self.normalizer.denormalize(z))[
            0, : -(-length // hop)
        ], hop / self.sample_rate

    def decode_circle(self, z: Tensor, margin: int, tail: int) -> Tensor:
        """The waveform ``[1, 1, T hop + tail]`` of latents that are a circle: ``margin`` frames are repeated on both
        sides, so that the sound runs on past its end, into its own beginning, for ``tail`` samples."""
        if tail > margin * self.hop:
            raise ValueError(f"decode_circle: a tail of {tail} samples does not fit into {margin} frames of {self.hop}")
        frames = z.shape[-1]
        around = torch.arange(-margin, frames + margin, device=z.device) % frames
        start = margin * self.hop
        return self.decode(z[..., around])[..., start : start + frames * self.hop + tail]
