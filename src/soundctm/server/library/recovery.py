"""What is put right when a library is opened: after it no sound is without its row, and no row without its sound."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from soundctm.audio import Clip
from soundctm.errors import UserError
from soundctm.server.library import jobs
from soundctm.server.library.database import Database, next_serial
from soundctm.server.library.entries import Kind
from soundctm.server.library.faults import LibraryFault, writing
from soundctm.server.library.files import Label, Shelf, check_clip, created_at
from soundctm.server.library.locks import bury_the_dead, is_dead
from soundctm.server.library.names import default_name
from soundctm.server.library.rows import bury, insert_entry, new_row
from soundctm.server.library.schema import EntryRow, GoneRow, JobRow

_BATCH = 100  # sounds in one transaction


@dataclass(frozen=True)
class Recovery:
    """What was found and done, as ids.

    ``adopted``: files without rows, listed again by what they say of themselves; ``removed``: files of purged sounds;
    ``set_aside``: files without rows that cannot be read, moved to the folder ``set-aside``; ``dropped``: rows without
    files; ``interrupted``: jobs of programs that have ended.
    """

    adopted: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    interrupted: tuple[str, ...] = ()


def recover(database: Database, shelf: Shelf) -> Recovery:
    """Put rows and files right. What living programs are writing at this moment is left to them.

    For who holds the library's lock. Files are listed before rows: a sound that is added meanwhile has no file in the
    first list, and a row that is found later has had its file before. Raises :class:`LibraryFault` when the whole
    folder of sounds is gone, rather than to forget every one.
    """
    _find_clips(database, shelf)
    files = set(shelf.ids())
    with database.reading() as session:
        rows = set(session.scalars(select(EntryRow.id)))
        purged = set(session.scalars(select(GoneRow.id).where(GoneRow.purged))) if files - rows else set()
    without_file = sorted(identifier for identifier in rows - files if not shelf.path(identifier).is_file())
    removed = sorted((files - rows) & purged)
    for identifier in removed:
        shelf.remove(identifier)
    adopted, set_aside = _adopt(database, shelf, sorted(files - rows - purged))
    with database.writing() as session:
        dropped = _drop(session, without_file)
        interrupted = jobs.interrupt(session, jobs.left_behind(session, shelf.incoming))
    bury_the_dead(shelf.incoming)
    return Recovery(tuple(adopted), tuple(removed), tuple(set_aside), tuple(dropped), interrupted)


def _find_clips(database: Database, shelf: Shelf) -> None:
    if shelf.clips.is_dir():
        return
    with database.reading() as session:
        if session.scalar(select(EntryRow.id).limit(1)) is not None:
            raise LibraryFault(
                f"{shelf.clips} is gone, with the sounds that {database.where} lists; bring the folder back, or move "
                "the database away to begin anew"
            )
    with writing(shelf.clips):
        shelf.clips.mkdir()


def _adopt(database: Database, shelf: Shelf, orphans: Sequence[str]) -> tuple[list[str], list[str]]:
    """List files again that have no rows; the ids of those, and of those that cannot be read."""
    adopted: list[str] = []
    set_aside: list[str] = []
    for start in range(0, len(orphans), _BATCH):
        found: list[tuple[EntryRow, Label]] = []
        for identifier in orphans[start : start + _BATCH]:
            try:
                found += _inspect(shelf, identifier)
            except LibraryFault:
                raise
            except UserError:
                shelf.set_aside(identifier)
                set_aside.append(identifier)
        with database.writing() as session:
            for row, label in sorted(found, key=lambda pair: pair[1].created):
                if session.get(EntryRow, row.id) is None:
                    session.execute(delete(GoneRow).where(GoneRow.id == row.id))
                    if row.job is not None and session.get(JobRow, row.job) is None:
                        row.job = None
                    insert_entry(session, row, label.parents)
                    adopted.append(row.id)
    return adopted, set_aside


def _inspect(shelf: Shelf, identifier: str) -> list[tuple[EntryRow, Label]]:
    """The row of a file; none when a living program is at work on it. Raises :class:`UserError` for no sound."""
    path = shelf.path(identifier)
    try:
        label = shelf.label(identifier)
        if label is not None and not is_dead(shelf.incoming, label.owner):
            return []
        created = created_at(path)
    except FileNotFoundError:  # its program took it back
        return []
    except OSError as error:
        raise LibraryFault(
            f"cannot read {path}: {error.strerror or error}; check the disk and its permissions"
        ) from error
    clip = Clip.load(path)
    check_clip(clip)
    if label is None:
        recipe = clip.recipe
        kind: Kind = "upload" if recipe is None else "take" if recipe.edit is None else "edit"
        name = "" if recipe is None else recipe.prompt
        label = Label(kind=kind, name=name, created=created, owner="")
    label = label.model_copy(update={"name": default_name(label.name)})
    return [(new_row(identifier, clip, label), label)]


def _drop(session: Session, missing: Sequence[str]) -> list[str]:
    """Remove the rows of files that are lost; their ids are told to whoever asks what changed."""
    rows = [row for row in (session.get(EntryRow, identifier) for identifier in missing) if row is not None]
    if rows:
        serial = next_serial(session)
        for row in rows:
            bury(session, row.id, serial, purged=False)
    return [row.id for row in rows]
