"""What a library tells of a sound."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, cast, get_args

from soundctm.audio import Recipe
from soundctm.errors import UserError
from soundctm.server.library.faults import LibraryMiss
from soundctm.server.library.schema import EntryRow

Kind = Literal["take", "refined", "edit", "upload"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ID_LENGTH = 32


@dataclass(frozen=True)
class Entry:
    """A sound of the library.

    ``created`` and ``deleted`` (None: it is not) are in UTC; ``prompt`` is "" where there is no recipe; ``parents`` are
    the ids of what it was made of, some of which may have been purged; ``digest`` is :attr:`Clip.digest`; ``loudness``
    is the RMS in dB full scale, -120 for silence; ``similarity`` is the cosine between its embedding and that of its
    first parent; ``job`` made it; ``path`` is its file.
    """

    id: str
    created: datetime
    name: str
    prompt: str
    seconds: float
    sample_rate: int
    channels: int
    steps: int | None
    seed: int | None
    recipe: Recipe | None
    parents: tuple[str, ...]
    kind: Kind
    starred: bool
    tags: tuple[str, ...]
    deleted: datetime | None
    digest: str
    loudness: float
    similarity: float | None
    job: str | None
    path: Path


@dataclass(frozen=True)
class Page:
    """A part of what a search found; ``next_cursor`` leads to the next, None at the end. ``scores`` are the cosines of
    a search by similarity, one for each entry."""

    entries: tuple[Entry, ...]
    next_cursor: str | None
    scores: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Tree:
    """What a sound came from and what came from it: ``entries`` from old to new, ``links`` as (parent, child) of ids,
    ``missing`` the ids that were purged."""

    root: str
    entries: tuple[Entry, ...]
    links: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """What changed after a serial number: ``ids`` of entries that are new or other than before, ``gone`` of those that
    are no more; ask again with ``serial``."""

    serial: int
    ids: tuple[str, ...]
    gone: tuple[str, ...]


def check_kind(kind: str) -> Kind:
    """Raise :class:`UserError` unless there are sounds of that kind."""
    if kind not in KINDS:
        raise UserError(f"kind is {str(kind)[:40]!r}; accepted are {', '.join(KINDS)}")
    return cast(Kind, kind)


def is_id(value: object) -> bool:
    """Whether this can be the id of a sound: 32 hex digits, small letters."""
    return isinstance(value, str) and len(value) == ID_LENGTH and set(value) <= set("0123456789abcdef")


def check_ids(ids: Iterable[str]) -> tuple[str, ...]:
    """The ids, each once. Raises :class:`LibraryMiss` for one that cannot be."""
    checked = tuple(dict.fromkeys([ids] if isinstance(ids, str) else ids))
    for value in checked:
        if not is_id(value):
            raise miss(value)
    return checked


def miss(identifier: object) -> LibraryMiss:
    """The error for an id that is not in the library."""
    return LibraryMiss(f"no sound {str(identifier)[:40]!r} in the library; it may have been purged: search again")


def entry_of(row: EntryRow, path: Path) -> Entry:
    """The entry of a row, with its tags and parents loaded."""
    return Entry(
        id=row.id, created=row.created, name=row.name, prompt=row.prompt, seconds=row.seconds,
        sample_rate=row.sample_rate, channels=row.channels, steps=row.steps, seed=row.seed,
        recipe=None if row.recipe is None else Recipe.from_json(row.recipe, f"the sound {row.id}"),
        parents=tuple(parent.parent for parent in row.parents), kind=cast(Kind, row.kind), starred=row.starred,
        tags=tuple(tag.tag for tag in row.tags), deleted=row.deleted, digest=row.digest, loudness=row.loudness,
        similarity=row.similarity, job=row.job, path=path,
    )  # fmt: skip
