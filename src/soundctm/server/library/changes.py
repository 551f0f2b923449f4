"""What can be changed about sounds: names, stars, tags; deletion, which can be undone; and purging, which cannot."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from soundctm.errors import UserError
from soundctm.server.library.database import next_serial
from soundctm.server.library.embeddings import compare, pack
from soundctm.server.library.entries import Changes, is_id
from soundctm.server.library.faults import LibraryConflict, LibraryMiss
from soundctm.server.library.names import clean_name, clean_tags
from soundctm.server.library.rows import bury, find, refresh_haystack
from soundctm.server.library.schema import EmbeddingRow, EntryRow, GoneRow, LibraryRow, TagRow

Change = Callable[[Session, EntryRow], None]


@dataclass(frozen=True)
class Deletion:
    """What a call deleted: ``ids`` without those that were deleted before, and the ``token`` that takes it back, None
    where there is nothing to take back."""

    ids: tuple[str, ...]
    token: str | None


def apply(session: Session, identifier: str, *changes: Change) -> EntryRow:
    """Changes of one sound, with one serial number."""
    serial = next_serial(session)
    row = find(session, [identifier])[0]
    for change in changes:
        change(session, row)
    row.serial = serial
    session.flush()
    return row


def renamed(name: str) -> Change:
    """Another name."""
    plain = clean_name(name)

    def change(session: Session, row: EntryRow) -> None:
        row.name = plain
        refresh_haystack(row)

    return change


def starred(on: bool) -> Change:
    """A star, or none."""

    def change(session: Session, row: EntryRow) -> None:
        row.starred = bool(on)

    return change


def tagged(tags: Iterable[str]) -> Change:
    """These tags in place of those that it has."""
    cleaned = clean_tags(tags)

    def change(session: Session, row: EntryRow) -> None:
        kept = {tag.key: tag for tag in row.tags}
        row.tags = [kept.get(key) or TagRow(key=key) for key in cleaned]
        for tag in row.tags:
            tag.tag = cleaned[tag.key]
        refresh_haystack(row)

    return change


def embedded(embedding: np.ndarray) -> Change:
    """An embedding, and what follows from it: how alike it and its parent are, and its children and it."""
    packed = pack(embedding)

    def change(session: Session, row: EntryRow) -> None:
        session.merge(EmbeddingRow(entry=row.id, size=len(packed) // 2, vector=packed))
        session.flush()
        compare(session, row.id)

    return change


def delete(session: Session, ids: Iterable[str]) -> Deletion:
    """Mark sounds as deleted; those that are already keep the moment and the token of that."""
    serial, token, now = next_serial(session), uuid.uuid4().hex, datetime.now(UTC)
    living = [row for row in _some(session, ids) if row.deleted is None]
    for row in living:
        row.deleted, row.deletion, row.serial = now, token, serial
    return Deletion(tuple(row.id for row in living), token if living else None)


def restore(session: Session, ids: Iterable[str]) -> list[EntryRow]:
    """Take deletions back; those that are not deleted stay as they are."""
    serial = next_serial(session)
    rows = _some(session, ids)
    for row in rows:
        if row.deleted is not None:
            row.deleted, row.deletion, row.serial = None, None, serial
    return rows


def undo(session: Session, token: str) -> list[EntryRow]:
    """Take one deletion back: what it deleted, and nothing that was deleted before or after."""
    serial = next_serial(session)
    mine = select(EntryRow).where(EntryRow.deletion == token).order_by(EntryRow.born)
    rows = list(session.scalars(mine)) if is_id(token) else []
    if not rows:
        raise LibraryMiss("nothing to undo: that deletion was undone before, or what it deleted was restored or purged")
    for row in rows:
        row.deleted, row.deletion, row.serial = None, None, serial
    return rows


def purge(session: Session, older_than: timedelta) -> list[str]:
    """Remove the rows of what was deleted so long ago or longer; the ids. The files go after the commit."""
    if older_than < timedelta(0):
        raise UserError(f"older_than is {older_than}; give a time of 0 or more")
    serial = next_serial(session)
    now = datetime.now(UTC)
    if older_than > now - datetime.min.replace(tzinfo=UTC):
        return []
    old = select(EntryRow.id).where(EntryRow.deleted.is_not(None), EntryRow.deleted <= now - older_than)
    ids = list(session.scalars(old.order_by(EntryRow.born)))
    for identifier in ids:
        bury(session, identifier, serial, purged=True)
    return ids


def purge_some(session: Session, ids: Iterable[str]) -> list[str]:
    """Remove the rows of these sounds, all of which must be deleted; the ids. The files go after the commit."""
    serial = next_serial(session)
    rows = _some(session, ids)
    living = [row.id for row in rows if row.deleted is None]
    if living:
        raise LibraryConflict(f"only deleted sounds can be purged; delete these first: {', '.join(living)}")
    for row in rows:
        bury(session, row.id, serial, purged=True)
    return [row.id for row in rows]


def since(session: Session, serial: int) -> Changes:
    """What has a number above ``serial``. The newest number is read first: whatever is committed in between is told
    again next time rather than never."""
    newest = session.scalars(select(LibraryRow.serial)).one()
    ids = session.scalars(select(EntryRow.id).where(EntryRow.serial > serial).order_by(EntryRow.serial, EntryRow.born))
    gone = session.scalars(select(GoneRow.id).where(GoneRow.serial > serial).order_by(GoneRow.serial, GoneRow.id))
    return Changes(newest, tuple(ids), tuple(gone))


def _some(session: Session, ids: Iterable[str]) -> list[EntryRow]:
    rows = find(session, ids)
    if not rows:
        raise UserError("no sounds are named; give the id of one or more")
    return rows
