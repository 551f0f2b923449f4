"""What the text encoder learns of the language, computed once: a vocabulary with its vectors and a bank of phrases."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from soundctm.training.minilm import FIRST_WORD, MiniLM, frequency_ranks, minilm_folder, own_vocabulary
from soundctm.training.phrases import ANCHORS, Entry, make_phrases, nearness, read_wordnet, vocabulary_words

EXTRA_WORDS = 6000  # WordNet words that would fall into pieces, the nearest to sound, become tokens of their own
NEAR_WORDS = 16000  # words with several phrases each
GLOSSES = 12000
PER_WORD = 3
PAIRS = 12000


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


def build_language(folder: Path, wordnet: Path | None, seed: int = 0) -> Language:
    """Compute the vocabulary, its table and the phrase bank into ``folder``, or read them if they are there.

    ``wordnet`` None leaves out words that are not in the sentence encoder's own vocabulary.
    """
    if (folder / "language.npz").exists():
        return load_language(folder)
    folder.mkdir(parents=True, exist_ok=True)
    teacher = MiniLM()
    anchors = teacher.embed(ANCHORS)
    layout = (minilm_folder() / "tokenizer.json").read_text(encoding="utf-8")
    entries = read_wordnet(wordnet) if wordnet else []
    lemmas = teacher.embed([entry.lemma for entry in entries], show="lemmas") if entries else np.zeros((0, 384))
    extra = _nearest([e.lemma for e in entries], lemmas, anchors, EXTRA_WORDS, skip=set(teacher.tokenizer.get_vocab()))
    tokenizer, old_ids = own_vocabulary(layout, extra)
    table, ranks = _table(teacher, old_ids, extra)
    words, glosses = _words(tokenizer, table, entries, lemmas, anchors)
    phrases = [*words, *make_phrases(words[:NEAR_WORDS], glosses, PER_WORD, PAIRS, seed)]
    phrases = list(dict.fromkeys(phrases))
    embeddings = teacher.embed(phrases, show="phrases")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "phrases.json").write_text(json.dumps(phrases))
    with (folder / "language.npz.partial").open("wb") as file:
        np.savez(file, table=table, ranks=ranks, embeddings=embeddings)
    os.replace(folder / "language.npz.partial", folder / "language.npz")
    return Language(tokenizer, table, ranks, phrases, embeddings)


def _nearest(words: list[str], embeddings: np.ndarray, anchors: np.ndarray, count: int, skip: set[str]) -> list[str]:
    """The ``count`` single words nearest to sound that are not in ``skip``."""
    if not words:
        return []
    order = np.argsort(-nearness(embeddings, anchors))
    return [words[i] for i in order if " " not in words[i] and words[i] not in skip][:count]


def _table(teacher: MiniLM, old_ids: list[int], extra: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of every token alone, [CLS] and [SEP] around it, and frequency ranks."""
    vocabulary = teacher.tokenizer.get_vocab()
    start, end = vocabulary["[CLS]"], vocabulary["[SEP]"]
    pieces = teacher.embed_ids([[start, old, end] for old in old_ids], show="vocabulary")
    table = np.concatenate([pieces, teacher.embed(extra)]) if extra else pieces
    return table, frequency_ranks(old_ids, vocabulary[FIRST_WORD], len(extra))


def _words(
    tokenizer: Tokenizer, table: np.ndarray, entries: list[Entry], lemmas: np.ndarray, anchors: np.ndarray
) -> tuple[list[str], list[str]]:
    """All words, nearest to sound first, and the glosses of the nearest WordNet lemmas."""
    tokens = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    own = vocabulary_words([token for token, _ in tokens])
    rows = table[[tokenizer.token_to_id(word) for word in own]]
    near = dict(zip(own, nearness(rows, anchors), strict=True))
    near |= dict(zip((e.lemma for e in entries), nearness(lemmas, anchors) if entries else (), strict=True))
    words = sorted(near, key=lambda word: -near[word])
    ranked = sorted(entries, key=lambda entry: -near[entry.lemma])[:GLOSSES]
    return words[: 2 * NEAR_WORDS], [f"{entry.lemma}: {entry.gloss}" for entry in ranked]
