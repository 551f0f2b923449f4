"""Lines of descent."""

from typing import Any

from sqlalchemy import ColumnElement, Select, String, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from soundctm.server.library.rows import find
from soundctm.server.library.schema import EntryRow, ParentRow


def family(session: Session, identifier: str) -> tuple[list[EntryRow], list[tuple[str, str]], set[str]]:
    """The ancestors and descendants of a sound and itself, from old to new; links (parent, child) among them; and the
    ids of those that were purged. Any depth: the database walks, and visits nobody twice.

    Raises :class:`LibraryMiss` for an unknown id.
    """
    find(session, [identifier])
    ancestors = _line(identifier, ParentRow.child, ParentRow.parent)
    descendants = _line(identifier, ParentRow.parent, ParentRow.child)

    def related(column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        return column.in_(ancestors) | column.in_(descendants)

    rows = list(session.scalars(select(EntryRow).where(related(EntryRow.id)).order_by(EntryRow.born)))
    among = select(ParentRow).where(related(ParentRow.child), related(ParentRow.parent))
    links = session.scalars(among.order_by(ParentRow.child, ParentRow.position)).all()
    named = {end for link in links for end in (link.parent, link.child)}
    return rows, [(link.parent, link.child) for link in links], named - {row.id for row in rows}


def _line(identifier: str, near: InstrumentedAttribute[str], far: InstrumentedAttribute[str]) -> Select[Any]:
    """Ids that are reached from one by going from ``near`` to ``far`` again and again."""
    start = select(literal(identifier, String).label("id")).cte(f"by_{far.key}", recursive=True)
    line = start.union(select(far).join(start, near == start.c.id))
    return select(line.c.id)
