"""Rows of sounds: made, inserted, found, buried. What changes them takes a new serial number first."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from soundctm.audio import Clip
from soundctm.server.library.database import next_serial
from soundctm.server.library.entries import check_ids, miss
from soundctm.server.library.files import Label, loudness
from soundctm.server.library.names import printable, searchable
from soundctm.server.library.schema import EntryRow, GoneRow, ParentRow

_AT_ONCE = 500  # ids in one statement; databases limit them


def new_row(identifier: str, clip: Clip, label: Label) -> EntryRow:
    """The row of a clip, without its numbers."""
    recipe = clip.recipe
    prompt = "" if recipe is None else printable(recipe.prompt)
    row = EntryRow(
        id=identifier, created=label.created, name=label.name, prompt=prompt, kind=label.kind, seconds=clip.duration,
        sample_rate=clip.sample_rate, channels=len(clip.samples), steps=None if recipe is None else recipe.steps,
        seed=None if recipe is None else recipe.seed, recipe=None if recipe is None else recipe.model_dump_json(),
        starred=False, digest=clip.digest, loudness=loudness(clip), job=label.job, tags=[],
    )  # fmt: skip
    refresh_haystack(row)
    return row


def refresh_haystack(row: EntryRow) -> None:
    """Bring what the row is found by up to date with its texts."""
    row.haystack = searchable("\n".join((row.name, row.prompt, *(tag.tag for tag in row.tags))))


def insert_entry(session: Session, row: EntryRow, parents: Iterable[str]) -> None:
    """Insert a row and its links to parents, as one change."""
    row.born = row.serial = next_serial(session)
    session.add(row)
    session.add_all(
        ParentRow(child=row.id, position=position, parent=parent) for position, parent in enumerate(parents)
    )
    session.flush()
    session.expire(row, ["parents"])


def find(session: Session, ids: Iterable[str]) -> list[EntryRow]:
    """The rows of those ids, in their order. Raises :class:`LibraryMiss` for the first that is not there."""
    wanted = check_ids(ids)
    found: dict[str, EntryRow] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some: Sequence[str] = wanted[start : start + _AT_ONCE]
        found |= {row.id: row for row in session.scalars(select(EntryRow).where(EntryRow.id.in_(some)))}
    for identifier in wanted:
        if identifier not in found:
            raise miss(identifier)
    return [found[identifier] for identifier in wanted]


def bury(session: Session, identifier: str, serial: int, *, purged: bool) -> None:
    """Remove a row; its links stay, for the line of descent that goes through it."""
    session.execute(delete(EntryRow).where(EntryRow.id == identifier))
    session.merge(GoneRow(id=identifier, serial=serial, purged=purged))
