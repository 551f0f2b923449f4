"""Searches: by words, tags and marks, or by likeness of sound; cut into pages that stay as they are."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from soundctm.errors import UserError
from soundctm.server.library.embeddings import cosines, unpack
from soundctm.server.library.entries import Kind
from soundctm.server.library.names import clean_tags, words
from soundctm.server.library.rows import find
from soundctm.server.library.schema import EmbeddingRow, EntryRow, TagRow

MAX_LIMIT = 500
Cursor = tuple[float, int]  # the score and the birth of the last entry of a page; score 0 in searches without


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
    """Newest first, or most alike first. Raises :class:`UserError` for a limit or a cursor that is none."""
    if not 1 <= query.limit <= MAX_LIMIT:
        raise UserError(f"limit is {query.limit:,}; accepted are 1 to {MAX_LIMIT}")
    cursor = None if query.cursor is None else _read(query.cursor, query.similar_to is not None)
    if query.similar_to is not None:
        return _by_likeness(session, query, query.similar_to, cursor)
    statement = select(EntryRow).where(*_conditions(query)).order_by(EntryRow.born.desc()).limit(query.limit + 1)
    if cursor is not None:
        statement = statement.where(EntryRow.born < cursor[1])
    rows = session.scalars(statement).all()
    page = rows[: query.limit]
    return Found(page, _write(False, 0.0, page[-1].born) if len(rows) > query.limit else None)


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


def _by_likeness(session: Session, query: Query, identifier: str, cursor: Cursor | None) -> Found:
    """Exact cosines with every entry that fits: a few hundred bytes each, so 10^5 of them take part of a second."""
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
    following = _write(True, float(scores[page[-1]]), found[page[-1]].born) if more else None
    return Found([rows[found[i].id] for i in kept], following, tuple(float(scores[i]) for i in kept))


def _write(by_likeness: bool, score: float, born: int) -> str:
    text = json.dumps([by_likeness, score, born], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, by_likeness: bool) -> Cursor:
    try:
        padded = cursor[:200].encode("ascii") + b"=" * (-len(cursor) % 4)
        kind, score, born = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if kind is by_likeness and isinstance(score, float) and type(born) is int and 0 <= born < 2**63:
            return score, born
    except (ValueError, TypeError, RecursionError):  # what is wrong with it matters to nobody: it is not one of ours
        pass
    raise UserError("the cursor is not one that this search gave; begin with the first page")
