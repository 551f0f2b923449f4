"""Phrases that teach the text encoder the language beyond its captions: words in the ways people name sounds.

They carry no sound and no class. Words come from the vocabulary of the sentence encoder and, where its folder is given,
from WordNet (Princeton; Debian package ``wordnet-base``), which also explains them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soundctm.errors import UserError

TEMPLATES = (
    "a {}", "the sound of a {}", "{} sound", "a {} in the distance", "a loud {}", "a quiet {}", "{} outside",
    "{} nearby", "a small {}", "a large {}", "someone hears a {}", "recording of {}", "the {}", "a slow {}",
    "a fast {}", "several {}", "{} at night", "a high {}", "a low {}", "one {}", "three {}", "{} noise",
)  # fmt: skip
PAIRS = ("{} and {}", "{}, then {}", "{} with {} in the background", "{} followed by {}", "a {} {}")
# What counts as near to sound: words and phrases are drawn the more often, the closer they are to one of these.
ANCHORS = (
    "rain and thunder", "wind blowing", "water flowing in a stream", "ocean waves", "a crackling fire",
    "footsteps", "a knock on a door", "breaking glass", "a car engine", "a motorcycle", "a train passing",
    "an aeroplane", "a helicopter", "a siren", "an alarm", "a ringing telephone", "a ticking clock",
    "church bells", "an electronic beep", "a whoosh", "an explosion", "a gunshot", "a laser weapon",
    "a bird singing", "insects chirping", "a dog barking", "a cat meowing", "a rooster crowing", "a cow",
    "a horse", "a frog", "a baby crying", "a person sneezing", "coughing", "laughter", "applause of a crowd",
    "whistling", "breathing", "a chainsaw", "a drill and a hammer", "a power tool", "a machine", "a drum",
    "a cymbal", "a guitar", "a synthesizer", "a horn", "typing on a keyboard", "a mouse click", "a coin",
    "a squeaking hinge", "bubbles", "a zipper", "paper crumpling", "static noise", "an impact of metal",
    "a piece of wood", "a storm at sea", "a kitchen appliance", "a robot", "a spaceship",
)  # fmt: skip
# WordNet's lexicographer files (lexnames(5WN)) of things, living beings, acts, events and all verbs and adjectives;
# plants, places, numbers and the like make no sound.
NOUN_FILES = frozenset({4, 5, 6, 10, 11, 13, 17, 18, 19, 22, 27})
WORD = re.compile(r"[a-z]{3,}")
LEMMA = re.compile(r"[a-z]{3,}(_[a-z]{2,}){0,2}")


@dataclass(frozen=True)
class Entry:
    """A WordNet lemma (spaces between its words) and the gloss of its first sense."""

    lemma: str
    gloss: str


def read_wordnet(folder: Path) -> list[Entry]:
    """Lemmas of a WordNet folder (``data.noun`` and its like), each once, in the order of the files."""
    entries: dict[str, Entry] = {}
    for name in ("data.noun", "data.verb", "data.adj"):
        path = folder / name
        if not path.is_file():
            raise UserError(f"no {name} in {folder}; --wordnet takes a folder like /usr/share/wordnet (wordnet-base)")
        for line in path.read_text(encoding="latin-1").splitlines():
            for entry in _parse(line, nouns=name == "data.noun"):
                entries.setdefault(entry.lemma, entry)
    return list(entries.values())


def _parse(line: str, *, nouns: bool) -> Iterator[Entry]:
    """Entries of one data line (wndb(5WN)): offset, file, type, hexadecimal count, then words and their ids."""
    if line.startswith("  "):  # the licence at the head of the file
        return
    fields = line.split(" ")
    if nouns and int(fields[1]) not in NOUN_FILES:
        return
    gloss = line.partition("| ")[2].split(";")[0].strip()
    for lemma in fields[4 : 4 + 2 * int(fields[3], 16) : 2]:
        if LEMMA.fullmatch(lemma):
            yield Entry(lemma.replace("_", " "), gloss)


def vocabulary_words(tokens: Sequence[str]) -> list[str]:
    """Tokens that are whole words of three letters or more."""
    return [token for token in tokens if WORD.fullmatch(token)]


def make_phrases(words: Sequence[str], per_word: int, pairs: int, seed: int) -> dict[str, tuple[str, ...]]:
    """Phrases with the words they hold: every word in ``per_word`` random templates, and ``pairs`` of two words."""
    rng = np.random.default_rng(seed)
    phrases: dict[str, tuple[str, ...]] = {}
    for word in words:
        for template in rng.choice(len(TEMPLATES), per_word, replace=False):
            phrases[TEMPLATES[template].format(word)] = (word,)
    for _ in range(pairs):
        first, second = (words[i] for i in rng.choice(len(words), 2, replace=False))
        phrases[PAIRS[rng.integers(len(PAIRS))].format(first, second)] = (first, second)
    return phrases


def nearness(embeddings: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Largest cosine of each unit embedding ``[n, D]`` with any unit anchor ``[m, D]``."""
    return (embeddings.astype(np.float32) @ anchors.astype(np.float32).T).max(axis=1)
