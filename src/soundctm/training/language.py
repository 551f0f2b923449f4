"""What the text encoder learns of the language, computed once: a vocabulary with its vectors and a bank of phrases.

Words are placed by the sentence encoder and by what a dictionary says of them: a word's vector, and the target of a
phrase that holds it, is the sentence encoder's embedding plus half that of the word's gloss. "Klaxon" alone means
little to a small sentence encoder; "a kind of loud horn formerly used on motor vehicles" does.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from soundctm.training.minilm import MiniLM, frequency_ranks, latin_tokens, minilm_folder, with_vocabulary
from soundctm.training.phrases import ANCHORS, WORD, make_phrases, nearness, read_wordnet

FOREIGN_WORDS = 8000  # of the vocabulary's whole words, the farthest from sound (years, names, places) fall into pieces
EXTRA_WORDS = 7000  # dictionary words that fell into pieces, the nearest to sound, become tokens of their own
NEAR_WORDS = 16000  # words in several phrases each; as many again stand alone
PER_WORD = 4
PAIRS = 16000
GLOSS_WEIGHT = 0.5


@dataclass(frozen=True)
class Language:
    """``table [V, 384]`` and Zipf ``ranks [V]`` of the tokenizer's tokens; unit ``embeddings [n, 384]`` of phrases."""

    tokenizer: Tokenizer
    table: np.ndarray
    ranks: np.ndarray
    phrases: list[str]
    embeddings: np.ndarray


def load_language(folder: Path) -> Language:
    """Read what :func:`build_language` wrote."""
    with np.load(folder / "language.npz") as arrays:
        table, ranks, embeddings = arrays["table"], arrays["ranks"], arrays["embeddings"]
    phrases = json.loads((folder / "phrases.json").read_text())
    return Language(Tokenizer.from_file(str(folder / "tokenizer.json")), table, ranks, phrases, embeddings)


def save_language(language: Language, folder: Path) -> None:
    """Write into ``folder``; ``language.npz`` appears last and whole."""
    folder.mkdir(parents=True, exist_ok=True)
    language.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "phrases.json").write_text(json.dumps(language.phrases))
    with (folder / "language.npz.partial").open("wb") as file:
        np.savez(file, table=language.table, ranks=language.ranks, embeddings=language.embeddings)
    os.replace(folder / "language.npz.partial", folder / "language.npz")


def build_language(folder: Path, wordnet: Path | None, seed: int = 0) -> Language:
    """Compute the vocabulary, its table and the phrase bank into ``folder``, or read them if they are there.

    ``wordnet`` None leaves out glosses, and words that are not in the sentence encoder's own vocabulary.
    """
    if not (folder / "language.npz").exists():
        save_language(_compute(MiniLM(), wordnet, seed), folder)
    return load_language(folder)


def _compute(teacher: MiniLM, wordnet: Path | None, seed: int) -> Language:
    vocabulary = teacher.tokenizer.get_vocab()
    glosses = {entry.lemma: entry.gloss for entry in read_wordnet(wordnet)} if wordnet else {}
    explain = Explanations(teacher, glosses)
    start, end = vocabulary["[CLS]"], vocabulary["[SEP]"]
    pieces = latin_tokens(vocabulary)
    fresh = [lemma for lemma in glosses if lemma not in vocabulary]
    plain = [
        *teacher.embed_ids([[start, vocabulary[token], end] for token in pieces], show="tokens"),
        *teacher.embed(fresh, show="lemmas"),
    ]
    names = [*pieces, *fresh]
    known = dict(zip(names, explain.enrich(np.stack(plain), [(name,) for name in names]), strict=True))
    near = _order(known, [w for w in names if WORD.fullmatch(w) or w in glosses], teacher.embed(ANCHORS))

    foreign = set([w for w in near if w in vocabulary][-FOREIGN_WORDS:])
    extra = [w for w in near if w not in vocabulary and " " not in w][:EXTRA_WORDS]
    tokens = [*(token for token in pieces if token not in foreign), *extra]
    held = {word: (word,) for word in near[: 2 * NEAR_WORDS]} | make_phrases(near[:NEAR_WORDS], PER_WORD, PAIRS, seed)
    embeddings = explain.enrich(teacher.embed(list(held), show="phrases"), list(held.values()))
    layout = (minilm_folder() / "tokenizer.json").read_text(encoding="utf-8")
    table = np.stack([known[token] for token in tokens])
    ranks = frequency_ranks(tokens, vocabulary)
    return Language(with_vocabulary(layout, tokens), table, ranks, list(held), embeddings)


def _order(known: dict[str, np.ndarray], words: list[str], anchors: np.ndarray) -> list[str]:
    """Words, nearest to sound first."""
    near = nearness(np.stack([known[word] for word in words]), anchors)
    return [words[i] for i in np.argsort(-near, kind="stable")]


class Explanations:
    """Embeddings of the glosses of words."""

    def __init__(self, teacher: MiniLM, glosses: dict[str, str]) -> None:
        self.vectors = dict(zip(glosses, teacher.embed(list(glosses.values()), show="glosses"), strict=True))

    def enrich(self, embeddings: np.ndarray, words: Sequence[tuple[str, ...]]) -> np.ndarray:
        """Unit ``normalise(e + GLOSS_WEIGHT mean(glosses of its words))`` per row of ``embeddings [n, 384]``."""
        moved = embeddings.astype(np.float32)
        for row, several in zip(moved, words, strict=True):
            found = [self.vectors[word] for word in several if word in self.vectors]
            if found:
                row += GLOSS_WEIGHT * np.mean(found, axis=0, dtype=np.float32)
        return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float16)
