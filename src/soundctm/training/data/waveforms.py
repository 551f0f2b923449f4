"""Waveforms for training an autoencoder: crops of sounds, drawn anew for every step."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from soundctm.errors import UserError
from soundctm.training.data.prepare.decode import FULL_SCALE
from soundctm.training.data.prepare.shards import open_prepared
from soundctm.training.data.source import digest

REAL_WEIGHT = 3.0  # a recording is drawn this much more often than a procedural sound
CANDIDATES = 3  # crops of a sound to take the loudest of: long tails are near silence


class WaveformSource(Protocol):
    """Crops are a function of the source's seed and of the arguments alone, so a resumed run draws what an
    uninterrupted one would have drawn."""

    @property
    def sample_rate(self) -> int: ...

    @property
    def identity(self) -> str:
        """A digest of what there is to learn: a training does not go on with other data."""
        ...

    def crops(self, index: int, size: int, length: int) -> Tensor:
        """Waveforms ``[size, length]`` float32 in [-1, 1] of a step; a shorter sound ends in zeros."""
        ...


def loudest_crop(clip: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """The loudest of some random crops of ``clip`` int16, float32 ``[length]``, or less where the clip is shorter."""
    starts = rng.integers(0, max(0, len(clip) - length) + 1, CANDIDATES)
    crops = [clip[s : s + length].astype(np.float32) / FULL_SCALE for s in starts]
    return max(crops, key=lambda crop: float(np.square(crop).sum()))


def stacked(clips: Iterable[np.ndarray], size: int, length: int, rng: np.random.Generator) -> Tensor:
    """The loudest crops of ``size`` clips, float32 ``[size, length]``; what is shorter ends in zeros."""
    out = np.zeros((size, length), np.float32)
    for row, clip in zip(out, clips, strict=True):
        crop = loudest_crop(clip, length, rng)
        row[: len(crop)] = crop
    return torch.from_numpy(out)


class Crops:
    """Random crops of ``audio [n, length]`` int16, recordings (``real [n]``) more often than their share."""

    def __init__(self, audio: np.ndarray, real: np.ndarray, seed: int, sample_rate: int = 44100) -> None:
        weights = np.where(real, REAL_WEIGHT, 1.0)
        self.audio, self.weights = audio, weights / weights.sum()
        self.seed, self.sample_rate = seed, sample_rate

    @classmethod
    def of(cls, folder: Path, seed: int) -> "Crops":
        """The clips of a folder of :mod:`soundctm.training.data.cache`, memory-mapped."""
        try:
            audio = np.load(folder / "audio.npy", mmap_mode="r")
            real = np.load(folder / "real.npy")
        except (OSError, ValueError) as error:
            raise UserError(
                f"{folder} holds no clips ({error}); make it with python -m soundctm.training.data.cache"
            ) from error
        return cls(audio, real, seed)

    @property
    def identity(self) -> str:
        """A digest of how many clips there are and how often each is drawn."""
        return digest(str(self.audio.shape).encode(), self.weights.tobytes())

    def crops(self, index: int, size: int, length: int) -> Tensor:
        """Waveforms ``[size, length]`` of a step."""
        rng = np.random.default_rng((self.seed, index))
        rows = rng.choice(len(self.audio), size, p=self.weights)
        return stacked((self.audio[row] for row in rows), size, length, rng)


class PreparedCrops:
    """Random crops of a folder that ``soundctm data prepare`` made, all clips and channels alike; latents are not
    needed. Raises :class:`UserError` when the folder is not complete."""

    def __init__(self, folder: Path, seed: int) -> None:
        manifest, self.clips = open_prepared(folder)
        self.seed, self.sample_rate = seed, int(manifest["settings"]["sample_rate"])
        self.identity = digest(json.dumps(manifest, sort_keys=True).encode())

    def crops(self, index: int, size: int, length: int) -> Tensor:
        """Waveforms ``[size, length]`` of a step, each one channel of a clip."""
        rng = np.random.default_rng((self.seed, index))
        clips = (self.clips.row(int(row)) for row in rng.integers(0, len(self.clips), size))
        return stacked((channels[rng.integers(0, len(channels))] for channels in clips), size, length, rng)
