"""What the text encoder is trained on: clips with captions, and phrases that no caption holds."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.training.language import Language
from soundctm.training.minilm import MiniLM
from soundctm.training.phrases import nearness

Embed = Callable[[list[str]], np.ndarray]


class TextTraining(BaseModel):
    """What the training is made of. ``noise`` is the standard deviation added to word vectors of unit variance;
    ``focus`` is the exponent's slope by which phrases near to captions are drawn more often."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clips: int = 96
    phrases: int = 256
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    noise: float = 0.2
    drop_word: float = 0.05
    focus: float = 6.0
    distil: float = 2.0
    relation: float = 4.0
    neighbour: float = 0.5
    neighbour_temperature: float = 0.1
    identity: float = 0.3
    ema: float = 0.995
    clip: float = 1.0
    held_out: float = 0.05
    seed: int = 0


@dataclass(frozen=True)
class Pairs:
    """Clips: latents ``[n, C, T]``, several captions each, class names."""

    latents: np.ndarray
    captions: list[list[str]]
    classes: list[list[str]]


def load_pairs(folder: Path) -> Pairs:
    """Clips of a data folder, latents memory-mapped."""
    captions = json.loads((folder / "captions.json").read_text())
    classes = json.loads((folder / "classes.json").read_text())
    return Pairs(np.load(folder / "latents.npy", mmap_mode="r"), captions, classes)


def is_held_out(caption: str, share: float) -> bool:
    """Whether a caption is kept for evaluation: a fixed ``share`` by its hash."""
    return int.from_bytes(hashlib.sha256(caption.encode()).digest()[:4]) < share * 2**32


def embed_cached(texts: Sequence[str], folder: Path) -> np.ndarray:
    """Sentence embeddings ``[n, 384]`` of texts, kept in ``folder`` under a hash of them."""
    path = folder / f"captions-{hashlib.sha256(chr(10).join(texts).encode()).hexdigest()[:16]}.npy"
    if not path.exists():
        with path.with_suffix(".partial").open("wb") as file:
            np.save(file, MiniLM().embed(texts, show="captions"))
        os.replace(path.with_suffix(".partial"), path)
    return np.load(path)


def pad_ids(ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Token ids ``[n, N]`` padded by 0, and their mask."""
    longest = max(len(row) for row in ids)
    padded = torch.tensor([[*row, *([0] * (longest - len(row)))] for row in ids])
    lengths = torch.tensor([len(row) for row in ids])
    return padded, torch.arange(longest)[None] < lengths[:, None]


class TextBank:
    """Texts as token ids with their targets: unit sentence embeddings, centred on ``centre [384]``."""

    def __init__(self, texts: Sequence[str], embeddings: np.ndarray, centre: Tensor, encoder: MiniTextEncoder) -> None:
        self.ids, self.mask = pad_ids(encoder.tokenize(texts))
        self.targets = F.normalize(torch.from_numpy(embeddings).float() - centre, dim=-1)
        self.index = {text: i for i, text in enumerate(texts)}

    def rows(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Ids and mask of some texts, as wide as the longest of them."""
        longest = int(self.mask[rows].sum(1).max())
        return self.ids[rows, :longest], self.mask[rows, :longest]


class TextData:
    """Draws batches as a function of ``(seed, step)``: clips with one caption each, and phrases."""

    def __init__(
        self, pairs: Pairs, language: Language, embed: Embed, encoder: MiniTextEncoder, config: TextTraining
    ) -> None:
        self.config, self.pairs = config, pairs
        kept = [[c for c in several if not is_held_out(c, config.held_out)] for several in pairs.captions]
        self.clips = np.asarray([i for i, several in enumerate(kept) if several])
        self.kept = kept
        distinct = sorted({caption for several in kept for caption in several})
        centre = torch.from_numpy(language.embeddings).float().mean(0)
        self.captions = TextBank(distinct, embed(distinct), centre, encoder)
        self.phrases = TextBank(language.phrases, language.embeddings, centre, encoder)
        self.weights = self._focus(self.phrases.targets, self.captions.targets)
        lists: dict[tuple[str, ...], int] = {}
        self.groups = torch.tensor([lists.setdefault(tuple(several), len(lists)) for several in pairs.captions])
        names = sorted({name for several in pairs.classes for name in several})
        self.classes = torch.tensor([[name in several for name in names] for several in pairs.classes])

    def _focus(self, phrases: Tensor, captions: Tensor) -> np.ndarray:
        near = nearness(phrases.numpy(), captions.numpy())
        weights = np.exp(self.config.focus * near)
        return np.cumsum(weights / weights.sum())

    def clip_rows(self, rng: np.random.Generator) -> tuple[np.ndarray, Tensor]:
        """Clips and the row of one caption of each."""
        clips = rng.choice(self.clips, min(self.config.clips, len(self.clips)), replace=False)
        chosen = [self.kept[i][rng.integers(len(self.kept[i]))] for i in clips]
        return clips, torch.tensor([self.captions.index[caption] for caption in chosen])

    def targets(self, captions: Tensor, phrases: Tensor) -> Tensor:
        """Targets of captions, then of phrases."""
        return torch.cat([self.captions.targets[captions], self.phrases.targets[phrases]])

    def phrase_rows(self, rng: np.random.Generator) -> Tensor:
        rows = np.searchsorted(self.weights, rng.random(self.config.phrases)).clip(max=len(self.weights) - 1)
        return torch.from_numpy(rows)
