"""Collects what a phrasebook holds from the captions of a training."""

from pathlib import Path

from soundctm.audio.io import write_atomically
from soundctm.conditioning.phrasebook import WORD, Phrases


def collect(captions: list[list[str]], count: int) -> Phrases:
    """Words of all captions, and ``count`` distinct captions, the shortest first."""
    distinct = sorted({caption for several in captions for caption in several} - {""}, key=lambda c: (len(c), c))
    words = {word for caption in distinct for word in WORD.findall(caption.lower())}
    return Phrases(words=tuple(sorted(words)), phrases=tuple(distinct[:count]))


def write_phrases(content: Phrases, path: Path) -> None:
    """Write ``phrases.json``, beside its place and renamed."""
    write_atomically(path, lambda file: file.write(content.model_dump_json(indent=0).encode()))
