"""Small sounds, and what must hold of every library at rest."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from soundctm.audio import Clip, Recipe
from soundctm.server.library import Entry, Library
from tests.oracles.recordings import recording

RECIPE = Recipe(
    prompt="heavy rain", seed=7, take=2, steps=1, seconds=0.01, omega=3.0, nu=1.0, gamma=0.0, model="mini",
    model_hash="0" * 16, sample_rate=8000, version="0",
)  # fmt: skip
NOBODY = "0" * 32  # an id that no sound has


def sound(number: int = 0, /, **recipe: Any) -> Clip:
    """A hundredth of a second; with a recipe when any of its fields is named."""
    clip = recording(number, seconds=0.01)
    return Clip(clip.samples, clip.sample_rate, RECIPE.model_copy(update=recipe) if recipe else None)


def prompts(library: Library, *texts: str) -> list[Entry]:
    """Takes of these prompts, added in their order."""
    return [library.add(sound(i, prompt=text), kind="take") for i, text in enumerate(texts)]


def everything(library: Library, **query: Any) -> list[Entry]:
    """All pages of a search."""
    found, cursor = [], None
    while True:
        page = library.search(**query, cursor=cursor)
        found += page.entries
        cursor = page.next_cursor
        if cursor is None:
            return found


def all_entries(library: Library) -> list[Entry]:
    """Every entry, deleted or not."""
    return everything(library, limit=500) + everything(library, limit=500, deleted=True)


def files_of(folder: Path) -> Iterator[Path]:
    """Whatever lies among the sounds."""
    return (path for path in (folder / "clips").rglob("*") if not path.is_dir())


def check_laws(library: Library) -> dict[str, Entry]:
    """No row without its file, no file without its row, every file whole, nothing half-written; the entries by id."""
    entries = {entry.id: entry for entry in all_entries(library)}
    assert {entry.path for entry in entries.values()} == set(files_of(library.folder))
    for entry in entries.values():
        clip = library.clip(entry.id)
        assert (clip.digest, clip.recipe) == (entry.digest, entry.recipe)
        assert np.isclose(clip.duration, entry.seconds)
    assert [path for path in (library.folder / "incoming").rglob("*.wav")] == []
    return entries


FOREVER = timedelta(days=36500)
