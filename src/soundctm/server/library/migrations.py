"""From an empty database, or one of an older version, to today's tables; and the bond between database and folder."""

import secrets
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, insert, inspect, select, update

from soundctm.errors import UserError
from soundctm.server.library.schema import VERSION, Base, LibraryRow

Step = Callable[[Connection], None]
# From a version to the next: plain statements, frozen once released, since the classes of schema.py move on.
STEPS: Mapping[int, Step] = {}


def bring_up_to_date(
    connection: Connection, where: str, newest: int = VERSION, steps: Mapping[int, Step] = STEPS
) -> None:
    """Make today's tables in an empty database, or take an older one there step by step, in the transaction of
    ``connection``: a process that is killed on the way leaves the version that it found.

    Raises :class:`UserError` for a newer version, and for a database of something else.
    """
    if not inspect(connection).has_table(LibraryRow.__tablename__):
        _found(connection, where, newest)
        return
    version = connection.execute(select(LibraryRow.version)).scalar_one_or_none()
    if version is None or version < 1:
        raise UserError(f"{where} is not a library of soundctm; choose another folder or another database")
    if version > newest:
        raise UserError(
            f"{where} was written by a newer soundctm (version {version} of its tables, this one knows {newest}); "
            "update soundctm, or choose another folder"
        )
    for old in range(version, newest):
        steps[old](connection)
    if version < newest:
        connection.execute(update(LibraryRow).values(version=newest))


def _found(connection: Connection, where: str, version: int) -> None:
    taken = sorted(set(inspect(connection).get_table_names()) & set(Base.metadata.tables))
    if taken:
        raise UserError(
            f"{where} holds tables of something else ({', '.join(taken)}); choose another folder or another database"
        )
    Base.metadata.create_all(connection)
    connection.execute(insert(LibraryRow).values(id=1, version=version, identity=secrets.token_hex(16), serial=0))
