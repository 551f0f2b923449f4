"""Training batches from a folder that ``soundctm data prepare --latents`` made: a step encodes nothing."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from soundctm.autoencoder.normalizer import Normalizer
from soundctm.autoencoder.posterior import Posterior
from soundctm.conditioning import Conditioning
from soundctm.errors import UserError
from soundctm.training.data.prepare.shards import LATENT_ARRAYS, open_prepared
from soundctm.training.data.source import Batch, digest

# Independent streams of one seed: the order of the clips, the captions that are dropped, the draws from the posteriors.
ORDER, DROP, NOISE = range(3)


class PreparedDataset:
    """A :class:`~soundctm.training.data.source.LatentSource` over memory-mapped shards.

    Every clip comes once per epoch, in an order drawn anew for each; latents are drawn from the posterior. A batch is a
    function of ``(seed, step, size, drop)`` alone. Raises :class:`UserError` when the folder is not complete, has no
    latents, or a shard is damaged.
    """

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self.manifest, self.clips = open_prepared(folder, latents=True)
        facts = self.manifest["latents"]
        self.seed = seed
        self.frames = int(facts["frames"])
        self._channels, self._context_dim = int(facts["channels"]), int(facts["context_dim"])
        scales = facts["normalizer"]
        self.normalizer = Normalizer(torch.tensor(scales["mean"]), torch.tensor(scales["std"]), scales["sigma_data"])
        self.empty = _load_empty(folder / "unconditional.npy")
        self._epoch: tuple[int, np.ndarray] = (-1, np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def channels(self) -> int:
        """Latent channels."""
        return self._channels

    @property
    def context_dim(self) -> int:
        """Numbers of a text token."""
        return self._context_dim

    @property
    def identity(self) -> str:
        """A digest of the folder's manifest."""
        return digest(json.dumps(self.manifest, sort_keys=True).encode())

    def _order(self, epoch: int) -> np.ndarray:
        """The clips in the order of an epoch; the last one is remembered."""
        if self._epoch[0] != epoch:
            self._epoch = (epoch, np.random.default_rng((ORDER, self.seed, epoch)).permutation(len(self)))
        return self._epoch[1]

    def rows(self, step: int, size: int) -> list[int]:
        """Which clips a batch holds."""
        places = range(step * size, (step + 1) * size)
        return [int(self._order(place // len(self))[place % len(self)]) for place in places]

    def batch(self, step: int, size: int, drop: float) -> Batch:
        """``size`` clips, normalised latents ``[size, C, T]``; each caption becomes the empty one with probability
        ``drop``."""
        rows = self.rows(step, size)
        dropped = np.random.default_rng((DROP, self.seed, step)).random(size) < drop
        return Batch(self._latents(rows, step), self._captions(rows, dropped))

    def _latents(self, rows: list[int], step: int) -> Tensor:
        moments = [np.stack([self.clips.row(row, name) for row in rows]) for name in LATENT_ARRAYS[:2]]
        mean, logvar = (torch.from_numpy(part).float() for part in moments)
        word = np.random.SeedSequence((NOISE, self.seed, step)).generate_state(1, np.uint64)[0] >> 1
        generator = torch.Generator().manual_seed(int(word))
        return self.normalizer.normalize(Posterior(mean, logvar).sample(generator))

    def _captions(self, rows: list[int], dropped: np.ndarray) -> Conditioning:
        tokens = [
            self.empty if none else self.clips.row(row, "tokens")[self.clips.row(row, "mask")]
            for row, none in zip(rows, dropped, strict=True)
        ]
        return Conditioning.cat([_conditioning(item) for item in tokens])

    def unconditional(self) -> Conditioning:
        """The empty caption, one item."""
        return _conditioning(self.empty)

    def describe(self, step: int, size: int) -> Mapping[str, Any]:
        """Names and captions of a batch's clips."""
        rows = self.rows(step, size)
        return {
            "clips": [self.clips.names[row] for row in rows],
            "captions": [self.clips.captions[row] for row in rows],
        }


def _conditioning(tokens: np.ndarray) -> Conditioning:
    """One item from its real tokens ``[N, D]``."""
    return Conditioning(torch.from_numpy(tokens).float()[None], torch.ones(1, len(tokens), dtype=torch.bool))


def _load_empty(path: Path) -> np.ndarray:
    try:
        tokens: np.ndarray = np.load(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is missing or damaged ({error}); prepare the data again into a new folder") from error
    return tokens
