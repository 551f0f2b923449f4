"""Collects what a phrasebook holds from the captions of a training."""

from pathlib import Path

from soundctm.audio.io import write_atomically
from soundctm.conditioning.phrasebook import Phrases
from soundctm.conditioning.spelling import words


def collect(captions: list[list[str]], count: int) -> Phrases:
    """Words of all captions, and ``count`` distinct captions, the shortest first."""
    distinct = sorted({caption for several in captions for caption in several} - {""}, key=lambda c: (len(c), c))
    learnt = {word for caption in distinct for word in words(caption)}
    return Phrases(words=tuple(sorted(learnt)), phrases=tuple(distinct[:count]))


def write_phrases(content: Phrases, path: Path) -> None:
    """Write ``phrases.json``, beside its place and renamed."""
    write_atomically(path, lambda file: file.write(content.model_dump_json(indent=0).encode()))
