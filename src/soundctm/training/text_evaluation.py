"""Measures of a text encoder: which class a text is nearest to, by text alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from soundctm.errors import UserError

Embed = Callable[[Sequence[str]], Tensor]


@dataclass(frozen=True)
class Centroids:
    """Class names and the unit mean ``[K, D]`` of the embeddings of each class's captions."""

    names: list[str]
    vectors: Tensor

    def nearest(self, embeddings: Tensor) -> list[str]:
        """The class of the largest cosine for each of ``embeddings [B, D]``."""
        return [self.names[i] for i in (F.normalize(embeddings, dim=-1) @ self.vectors.T).argmax(1).tolist()]


def captions_by_class(captions: Sequence[Sequence[str]], classes: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Distinct captions of the clips of exactly one class, by class, sorted."""
    found: dict[str, set[str]] = {}
    for several, names in zip(captions, classes, strict=True):
        if len(names) == 1:
            found.setdefault(names[0], set()).update(several)
    return {name: sorted(found[name]) for name in sorted(found)}


def class_centroids(embed: Embed, texts: dict[str, list[str]]) -> Centroids:
    """Centroids of the classes in an embedding."""
    means = [F.normalize(embed(several), dim=-1).mean(0) for several in texts.values()]
    return Centroids(list(texts), F.normalize(torch.stack(means), dim=-1))


@dataclass(frozen=True)
class UnseenPrompt:
    """A prompt with a word that no training caption holds, and the class it means."""

    word: str
    prompt: str
    class_name: str


def read_prompts(path: Path) -> list[UnseenPrompt]:
    """Lines ``word<TAB>prompt<TAB>class``; empty lines and those that start with # are skipped."""
    prompts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3:
            raise UserError(f"{path}:{number}: {len(fields)} fields; a line is word, prompt and class, parted by tabs")
        prompts.append(UnseenPrompt(*fields))
    return prompts


def accuracy(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Share of equal names, in [0, 1]."""
    return sum(a == b for a, b in zip(found, wanted, strict=True)) / len(wanted)
