"""Trains the embedded model's autoencoder on the folder of :mod:`soundctm.training.data.cache`, then encodes it."""

import argparse
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from soundctm.autoencoder.istft import SpectralAutoencoder
from soundctm.autoencoder.normalizer import Normalizer
from soundctm.training.config import read_config
from soundctm.training.data.prepare.decode import FULL_SCALE
from soundctm.training.data.waveforms import Crops
from soundctm.training.runner import RunOptions
from soundctm.training.spectral import train as train_spectral
from soundctm.training.spectral_config import SpectralTraining
from soundctm.training.spectral_start import load_spectral

LATENTS = "latents.npy"
ENCODED_AT_ONCE = 32
CLOSE = 0.01  # latents of one codec on two machines differ by float16's rounding, those of two codecs by far more


@torch.no_grad()
def encode(autoencoder: SpectralAutoencoder, normalizer: Normalizer, clips: np.ndarray) -> np.ndarray:
    """Normalised latents float16 ``[n, channels, frames]`` of clips int16 ``[n, length]``."""
    x = torch.from_numpy(clips.astype(np.float32) / FULL_SCALE)
    latents: Tensor = normalizer.normalize(autoencoder.encode(x[:, None]).mean)
    return latents.half().numpy()


def encode_all(folder: Path, data: Path) -> bool:
    """Store the latents of every clip of ``data`` by the autoencoder in ``folder``: ``data/latents.npy``, written
    beside its place and renamed. False, and nothing is done, where they are there already."""
    autoencoder, normalizer = load_spectral(folder)
    audio = np.load(data / "audio.npy", mmap_mode="r")
    frames = -(-audio.shape[1] // autoencoder.hop)
    shape = (len(audio), autoencoder.channels, frames)
    ends = [0, len(audio) - 1]
    if holds(data / LATENTS, shape, ends, encode(autoencoder, normalizer, audio[ends])):
        return False
    beside = data / f"{LATENTS}.partial"
    latents = np.lib.format.open_memmap(beside, "w+", np.float16, shape)
    for first in range(0, len(audio), ENCODED_AT_ONCE):
        rows = slice(first, first + ENCODED_AT_ONCE)
        latents[rows] = encode(autoencoder, normalizer, audio[rows])
    latents.flush()
    os.replace(beside, data / LATENTS)
    return True


def holds(path: Path, shape: tuple[int, ...], rows: list[int], expected: np.ndarray) -> bool:
    """Whether a file has latents of this shape, and in some rows what is expected: another codec gives others."""
    try:
        stored = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):  # there is none, or it is no array: it is made again
        return False
    return stored.shape == shape and bool(np.allclose(stored[rows], expected, atol=CLOSE))


def train(config: SpectralTraining, data: Path, options: RunOptions) -> bool:
    """Train on the clips of ``data``, then encode them. False when interrupted; the same call goes on."""
    finished = train_spectral(config, Crops.of(data, config.seed), options)
    if finished:
        encode_all(options.out, data)
    return finished


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of soundctm.training.data.cache")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, help="instead of the configuration's")
    parser.add_argument("--threads", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    changes = {} if arguments.minutes is None else {"minutes": arguments.minutes}
    settings = read_config("mini/autoencoder", SpectralTraining).model_copy(update=changes)
    train(settings, arguments.data, RunOptions(arguments.out, resume=None))
