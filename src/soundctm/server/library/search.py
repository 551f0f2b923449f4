"""Searches: by words, tags and marks, or by likeness of sound; cut into pages that stay as they are."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from sqlalchemy import ColumnElement, literal, select, tuple_
from sqlalchemy.orm import Session

from soundctm.errors import UserError
from soundctm.server.library.embeddings import cosines, unpack
from soundctm.server.library.entries import Kind
from soundctm.server.library.names import clean_tags, words
from soundctm.server.library.rows import find
from soundctm.server.library.schema import EPOCH, EmbeddingRow, EntryRow, TagRow

MAX_LIMIT = 500
Order = Literal["birth", "deletion", "likeness"]
# By what the last entry of a page has its place, and its birth: the score, or the deletion in microseconds since 1970,
# which a float holds to the last; 0 where the birth alone counts.
Cursor = tuple[float, int]


@dataclass(frozen=True)
class Query:
    """What is looked for; every word and every tag must be there."""

    text: str = ""
    tags: tuple[str, ...] = ()
    starred: bool | None = None
    kind: Kind | None = None
    deleted: bool = False
    similar_to: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class Found:
    """Rows of one page, in order, with the cursor of the next, and the scores of a search by similarity."""

    rows: Sequence[EntryRow]
    cursor: str | None
    scores: tuple[float, ...] | None = None


def run(session: Session, query: Query) -> Found:
    """Newest first, of deleted ones the latest deletion; or most alike first. Raises :class:`UserError` for a limit or
    a cursor that is none."""
    if not 1 <= query.limit <= MAX_LIMIT:
        raise UserError(f"limit is {query.limit:,}; accepted are 1 to {MAX_LIMIT}")
    if query.similar_to is not None:
        return _by_likeness(session, query, query.similar_to)
    order: Order = "deletion" if query.deleted else "birth"
    keys = (EntryRow.deleted, EntryRow.born) if query.deleted else (EntryRow.born,)
    statement = select(EntryRow).where(*_conditions(query)).order_by(*(key.desc() for key in keys))
    if query.cursor is not None:
        moment, born = _read(query.cursor, order)
        after = literal(born) if not query.deleted else tuple_(literal(_moment(moment), EntryRow.deleted.type), born)
        statement = statement.where(tuple_(*keys) < after)
    rows = session.scalars(statement.limit(query.limit + 1)).all()
    page = rows[: query.limit]
    last = page[-1] if len(rows) > query.limit else None
    return Found(page, None if last is None else _write(order, _microseconds(last.deleted), last.born))


def _conditions(query: Query) -> Iterator[ColumnElement[bool]]:
    """What entries must fulfil. LIKE takes its signs % and _ in words as they are written."""
    yield EntryRow.deleted.is_not(None) if query.deleted else EntryRow.deleted.is_(None)
    for word in words(query.text):
        yield EntryRow.haystack.contains(word, autoescape=True)
    for key in clean_tags(query.tags):
        yield EntryRow.id.in_(select(TagRow.entry).where(TagRow.key == key))
    if query.starred is not None:
        yield EntryRow.starred.is_(query.starred)
    if query.kind is not None:
        yield EntryRow.kind == query.kind


def _by_likeness(session: Session, query: Query, identifier: str) -> Found:
    """Exact cosines with every entry that fits: a few hundred bytes each, so 10^5 of them take part of a second."""
    cursor = None if query.cursor is None else _read(query.cursor, "likeness")
    find(session, [identifier])
    model = session.get(EmbeddingRow, identifier)
    if model is None:
        raise UserError(f"the sound {identifier} has no embedding to compare others with; choose another")
    others = select(EntryRow.id, EntryRow.born, EmbeddingRow.vector).join(EmbeddingRow)
    others = others.where(EmbeddingRow.size == model.size, EntryRow.id != identifier, *_conditions(query))
    found = session.execute(others).all()
    if not found:
        return Found((), None, ())
    scores = cosines(unpack([row.vector for row in found]), unpack([model.vector])[0])
    births = np.asarray([row.born for row in found])
    order = np.lexsort((-births, -scores))
    if cursor is not None:
        score, born = cursor
        order = order[(scores[order] < score) | ((scores[order] == score) & (births[order] < born))]
    page = [int(index) for index in order[: query.limit]]
    rows = {row.id: row for row in session.scalars(select(EntryRow).where(EntryRow.id.in_(found[i].id for i in page)))}
    kept = [i for i in page if found[i].id in rows]  # one may have been purged in between
    more = len(order) > query.limit
    following = _write("likeness", float(scores[page[-1]]), found[page[-1]].born) if more else None
    return Found([rows[found[i].id] for i in kept], following, tuple(float(scores[i]) for i in kept))


def _microseconds(moment: datetime | None) -> float:
    return 0.0 if moment is None else float((moment - EPOCH) // timedelta(microseconds=1))


def _moment(microseconds: float) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def _write(order: Order, place: float, born: int) -> str:
    text = json.dumps([order, place, born], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, order: Order) -> Cursor:
    try:
        padded = cursor[:200].encode("ascii") + b"=" * (-len(cursor) % 4)
        kind, place, born = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if kind == order and isinstance(place, float) and type(born) is int and 0 <= born < 2**63:
            if order == "deletion":
                _moment(place)
            return place, born
    except (ValueError, TypeError, OverflowError, RecursionError):  # what is wrong with it matters to nobody
        pass
    raise UserError("the cursor is not one that this search gave; begin with the first page")
