"""Decoding piece by piece: memory is bounded by the piece, not by the clip."""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from soundctm.errors import UserError


class Autoencoder(Protocol):
    """Decodes latents ``[B, C, T]`` to a waveform ``[B, 1, T * hop]``."""

    def decode(self, z: Tensor, seed: int | Sequence[int] = 0) -> Tensor: ...


@runtime_checkable
class LocalAutoencoder(Autoencoder, Protocol):
    """One whose samples depend on ``context_frames`` latent frames on either side of their own and on nothing else, so
    that it can decode the frames ``start <= i < stop`` of ``z [B, C, T]`` alone: :class:`GaussianDAC`.

    The spectral autoencoder is none. Its sinusoids run on from the first frame to the last, so that no number of frames
    around a sample is enough; and it is the small one.
    """

    context_frames: int

    def decode_part(self, z: Tensor, start: int, stop: int) -> Tensor: ...


@runtime_checkable
class LegibleAutoencoder(Autoencoder, Protocol):
    """One whose latents say without being decoded how loud the sound is when: ``frame_power(z [B, C, T])`` is the power
    ``[B, frames]`` of each ``frame_hop`` samples, but for a factor."""

    frame_hop: int

    def frame_power(self, z: Tensor) -> Tensor: ...


def decode_chunks(
    autoencoder: Autoencoder, z: Tensor, seed: int | Sequence[int], chunk_frames: int
) -> Iterator[Tensor]:
    """Consecutive pieces ``[B, 1, *]`` of the waveform of ``z [B, C, T]``, each of ``chunk_frames`` latent frames or,
    the last one, of what is left.

    Joined, they are what ``decode(z, seed)`` gives, up to float32 rounding. An autoencoder that is no
    :class:`LocalAutoencoder` decodes the whole clip, which then comes as one piece. A piece is computed when it is
    asked for, and gradients are recorded as at that moment.
    """
    if chunk_frames < 1:
        raise UserError(f"chunk_frames is {chunk_frames}; give the latent frames of a piece, 1 or more")
    return _pieces(autoencoder, z, seed, chunk_frames)


def _pieces(autoencoder: Autoencoder, z: Tensor, seed: int | Sequence[int], chunk_frames: int) -> Iterator[Tensor]:
    frames = z.shape[-1]
    if not isinstance(autoencoder, LocalAutoencoder) or chunk_frames >= frames:
        yield autoencoder.decode(z, seed)
        return
    for start in range(0, frames, chunk_frames):
        yield autoencoder.decode_part(z, start, min(start + chunk_frames, frames))


def decode_chunked(autoencoder: Autoencoder, z: Tensor, seed: int | Sequence[int], chunk_frames: int) -> Tensor:
    """The waveform ``[B, 1, T * hop]`` of ``z [B, C, T]``, decoded by :func:`decode_chunks` and joined."""
    return torch.cat(list(decode_chunks(autoencoder, z, seed, chunk_frames)), dim=-1)
