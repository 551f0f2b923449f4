"""Batches of latents with conditioning, all from memory: a training step encodes nothing."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from soundctm.conditioning import Conditioning
from soundctm.training.data.source import Batch, digest

ESC10_SHARE = 0.24  # of the batch: recordings of the ten ESC-10 classes, which everything is measured on
SAMPLES_SHARE = 0.06  # recordings of the CC0 sample sets
TELLING = re.compile(  # captions that say how many, in which order or how fast: the hardest to learn
    r"\b(one|single|two|three|four|five|six|then|followed|after|before|fast|slow|quick|rapid)\b"
)
TELLING_WEIGHT = 2.0  # how much more often than others of their group they are drawn
SENTENCE_ONLY = 0.1  # how often a caption keeps its sentence token alone
DROP_WORD = 0.05  # how often a word token is left out otherwise


def leave_out_words(conditioning: Conditioning, rng: np.random.Generator) -> Conditioning:
    """Mask word tokens at random; the first token of an item, its sentence, always stays.

    A word that no caption holds has a token that the backbone never saw, while its sentence lies where its relatives'
    sentences lie: a backbone that has often had to do without words listens to the sentence.
    """
    batch, count = conditioning.mask.shape
    kept = rng.random((batch, count)) >= DROP_WORD
    kept &= (rng.random(batch) >= SENTENCE_ONLY)[:, None]
    kept[:, 0] = True
    return Conditioning(conditioning.tokens, conditioning.mask & torch.from_numpy(kept))


class LatentDataset:
    """The folder of :mod:`soundctm.training.data.cache` with ``latents.npy``, its captions encoded once.

    A batch is a function of ``(seed, step)`` alone, so a resumed run draws what an uninterrupted one would have drawn.
    """

    def __init__(
        self, folder: Path, text_encoder: nn.Module, seed: int = 0, esc10: frozenset[str] = frozenset()
    ) -> None:
        self.latents = np.load(folder / "latents.npy")
        self.captions: list[list[str]] = json.loads((folder / "captions.json").read_text())
        self.classes: list[list[str]] = json.loads((folder / "classes.json").read_text())
        self.seed = seed
        self.weights = self._weights(np.load(folder / "real.npy"), esc10)
        self._encode(text_encoder)

    def _weights(self, real: np.ndarray, esc10: frozenset[str]) -> np.ndarray:
        """Probability of each clip: fixed shares for the groups that are present; within them, telling captions more
        often."""
        first = real & np.asarray([bool(esc10 & set(names)) for names in self.classes])
        groups = ((first, ESC10_SHARE), (real & ~first, SAMPLES_SHARE), (~real, 1 - ESC10_SHARE - SAMPLES_SHARE))
        telling = np.asarray([any(TELLING.search(caption) for caption in several) for several in self.captions])
        within = np.where(telling, TELLING_WEIGHT, 1.0)
        weights = np.zeros(len(real))
        for members, share in groups:
            if members.any():
                weights[members] = share * within[members] / within[members].sum()
        return weights / weights.sum()

    @torch.no_grad()
    def _encode(self, text_encoder: nn.Module) -> None:
        """Encode every distinct caption, and the empty one at index 0."""
        distinct = ["", *sorted({caption for several in self.captions for caption in several} - {""})]
        self.index = {caption: i for i, caption in enumerate(distinct)}
        encode = text_encoder.encode
        parts = [encode(distinct[i : i + 256]) for i in range(0, len(distinct), 256)]  # type: ignore[operator]
        whole = Conditioning.cat(parts)
        self.tokens, self.mask = whole.tokens.half(), whole.mask

    def condition(self, captions: list[str]) -> Conditioning:
        """Cached conditioning of captions, trimmed to the longest of them."""
        rows = torch.tensor([self.index[caption] for caption in captions])
        mask = self.mask[rows]
        longest = int(mask.sum(1).max())
        return Conditioning(self.tokens[rows, :longest].float(), mask[:, :longest])

    @property
    def channels(self) -> int:
        """Latent channels."""
        return int(self.latents.shape[1])

    @property
    def context_dim(self) -> int:
        """Numbers of a text token."""
        return int(self.tokens.shape[-1])

    @property
    def identity(self) -> str:
        """A digest of the clips' captions and weights and of the encoded text."""
        about = json.dumps([self.captions, self.latents.shape, self.weights.tolist(), self.seed])
        return digest(about.encode(), self.tokens.numpy().tobytes())

    def unconditional(self) -> Conditioning:
        """The empty caption, one item."""
        return self.condition([""])

    def _choose(self, step: int, size: int) -> tuple[np.ndarray, list[str], np.random.Generator]:
        """Rows of a batch, a caption for each, and the generator for what else is drawn."""
        rng = np.random.default_rng((self.seed, step))
        rows = rng.choice(len(self.latents), size, p=self.weights)
        return rows, [self.captions[row][rng.integers(len(self.captions[row]))] for row in rows], rng

    def batch(self, step: int, size: int, drop: float) -> Batch:
        """``size`` clips; each caption becomes the empty one with probability ``drop``, others lose words."""
        rows, chosen, rng = self._choose(step, size)
        captions = [
            "" if dropped else caption for caption, dropped in zip(chosen, rng.random(size) < drop, strict=True)
        ]
        conditioning = leave_out_words(self.condition(captions), rng)
        return Batch(torch.from_numpy(self.latents[rows]).float(), conditioning)

    def describe(self, step: int, size: int) -> Mapping[str, Any]:
        """Rows and captions of a batch."""
        rows, captions, _ = self._choose(step, size)
        return {"rows": rows.tolist(), "captions": captions}
