"""Trains the embedded text encoder: contrast with sounds, and distillation of a sentence encoder's view of language.

Captions and latents come from a data folder (``latents.npy``, ``captions.json``, ``classes.json``); phrases that no
caption holds come from :mod:`soundctm.training.language` and place words like "drizzle" beside the captions they are
nearest to in meaning.
"""

import argparse
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from soundctm.conditioning.mini import MiniTextConfig, MiniTextEncoder, TextFeatures
from soundctm.training.ema import EMA
from soundctm.training.language import Language, build_language
from soundctm.training.loop import Loop, cosine_rate
from soundctm.training.minilm import DIM, MiniLM, word_table
from soundctm.training.phrases import nearness
from soundctm.training.text_losses import cosine_loss, info_nce, negative_weights, neighbour_loss, relation_loss


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


class Student(nn.Module):
    """The encoder and the heads that only training needs."""

    def __init__(self, encoder: MiniTextEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.sentence_head = nn.Linear(encoder.config.dim, DIM)
        self.word_head = nn.Linear(encoder.config.dim, encoder.config.table_dim)


class TextData:
    """Draws batches as a function of ``(seed, step)``: clips with one caption each, and phrases."""

    def __init__(
        self, pairs: Pairs, language: Language, encoder: MiniTextEncoder, cache: Path, config: TextTraining
    ) -> None:
        self.config, self.pairs = config, pairs
        kept = [[c for c in several if not is_held_out(c, config.held_out)] for several in pairs.captions]
        self.clips = np.asarray([i for i, several in enumerate(kept) if several])
        self.kept = kept
        distinct = sorted({caption for several in kept for caption in several})
        embeddings = embed_cached(distinct, cache)
        centre = torch.from_numpy(language.embeddings).float().mean(0)
        self.captions = TextBank(distinct, embeddings, centre, encoder)
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


def augmented(
    student: Student, ids: Tensor, mask: Tensor, config: TextTraining, rng: torch.Generator
) -> tuple[TextFeatures, Tensor]:
    """Features of texts with noise on their word vectors and some words left out ([CLS] and [SEP] stay), and the loss
    of telling each word from its token in context."""
    clean = student.encoder.vectors(ids)
    vectors = clean + config.noise * torch.randn(clean.shape, generator=rng)
    inner = mask & F.pad(mask, (0, 1))[:, 1:]
    inner[:, 0] = False
    kept = mask & ~(inner & (torch.rand(ids.shape, generator=rng) < config.drop_word))
    features: TextFeatures = student.encoder(vectors, kept)
    return features, cosine_loss(student.word_head(features.words)[kept], clean[kept])


def text_losses(
    student: Student, data: TextData, captions: Tensor, phrases: Tensor, step: int
) -> tuple[dict[str, Tensor], Tensor]:
    """Losses of imitation over captions and phrases, and the captions' joint embeddings."""
    config = data.config
    rng = torch.Generator().manual_seed(step)
    ours, known = augmented(student, *data.captions.rows(captions), config, rng)
    others, unknown = augmented(student, *data.phrases.rows(phrases), config, rng)
    sentence, target = torch.cat([ours.sentence, others.sentence]), data.targets(captions, phrases)
    n = len(captions)
    neighbour = neighbour_loss(others.joint, ours.joint, target[n:], target[:n], config.neighbour_temperature)
    losses = {
        "distil": config.distil * cosine_loss(student.sentence_head(sentence), target),
        "relation": config.relation * relation_loss(sentence, target),
        "neighbour": config.neighbour * neighbour,
        "identity": config.identity * 0.5 * (known + unknown),
    }
    return losses, ours.joint


def step_losses(student: Student, data: TextData, step: int) -> dict[str, Tensor]:
    """All losses of training step ``step``."""
    rng = np.random.default_rng((data.config.seed, step))
    clips, captions = data.clip_rows(rng)
    losses, joint = text_losses(student, data, captions, data.phrase_rows(rng), step)
    latents = torch.from_numpy(np.asarray(data.pairs.latents[np.sort(clips)])).float()
    order = torch.from_numpy(np.argsort(np.argsort(clips)))
    sounds = student.encoder.tower(latents[order])
    logits = joint @ sounds.T / student.encoder.log_temperature.exp()
    rows = torch.from_numpy(clips)
    return {"contrast": info_nce(logits, negative_weights(data.groups[rows], data.classes[rows])), **losses}


def new_encoder(language: Language, channels: int) -> MiniTextEncoder:
    """An untrained encoder over the language's vocabulary."""
    encoder = MiniTextEncoder(
        MiniTextConfig(vocabulary=len(language.table), latent_channels=channels), language.tokenizer
    )
    encoder.set_table(word_table(language.table, language.ranks, encoder.config.table_dim))
    return encoder


def train_text_encoder(
    config: TextTraining, pairs: Pairs, language: Language, cache: Path, out: Path, minutes: float
) -> bool:
    """Train for ``minutes`` and save the averaged encoder into ``out``. False when interrupted with a checkpoint."""
    torch.manual_seed(config.seed)
    encoder = new_encoder(language, pairs.latents.shape[1])
    student = Student(encoder)
    data = TextData(pairs, language, encoder, cache, config)
    groups = [
        {"params": [p for p in student.parameters() if p.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in student.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))
    ema = EMA(encoder, config.ema, warmup=True)
    loop = Loop({"student": student, "optimizer": optimizer, "ema": ema}, out, minutes)

    def step(index: int, progress: float) -> dict[str, float]:
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * cosine_rate(progress)
        losses = step_losses(student, data, index)
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), config.clip)
        optimizer.step()
        with torch.no_grad():
            encoder.log_temperature.clamp_(min=-4.6)  # as CLIP: logits scaled by 100 at most
        ema.update(encoder)
        return {name: loss.item() for name, loss in losses.items()}

    finished = loop.run(step)
    if finished:
        averaged = ema.module
        if not isinstance(averaged, MiniTextEncoder):
            raise TypeError(f"the average is a {type(averaged).__name__}")
        averaged.tokenizer = language.tokenizer
        averaged.save(out)
    return finished


def main() -> None:
    """Command-line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of soundctm.training.data.cache with latents")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="folder for what is computed once; by default OUT/language")
    parser.add_argument("--wordnet", type=Path, help="folder like /usr/share/wordnet: teaches rarer words too")
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    cache = arguments.cache or arguments.out / "language"
    language = build_language(cache, arguments.wordnet)
    train_text_encoder(TextTraining(), load_pairs(arguments.data), language, cache, arguments.out, arguments.minutes)


if __name__ == "__main__":
    main()
