"""A connection to SQLite or PostgreSQL: its settings, and sessions that read or write."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event, select, text, update
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from soundctm.errors import UserError
from soundctm.server.library.faults import LibraryFault, explained
from soundctm.server.library.schema import LibraryRow

BUSY = 10.0  # seconds to wait for another writer
DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


def parse(url: str) -> URL:
    """A database's address. Raises :class:`UserError` for one that is none, or of a database that is not supported."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UserError("this is no database URL; write sqlite:///FILE or postgresql://USER@HOST/DATABASE") from error
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        raise UserError(f"databases of kind {backend} are not supported; use sqlite or postgresql")
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise UserError("a database in memory would forget every sound; write sqlite:///FILE")
    return parsed.set(drivername=DRIVERS[backend]) if parsed.drivername == backend else parsed


class Database:
    """An engine with the settings that a library relies on.

    SQLite keeps a write-ahead log, so that readers and a writer never wait for each other. It is flushed at every
    commit (``synchronous=FULL``): with NORMAL a power cut could take back the last commits, and a library promises that
    what it has confirmed is kept; it commits a few times per take at most, so the flushes cost little. Transactions
    that write begin as such (``BEGIN IMMEDIATE``): one that reads first and writes later could not wait for another.
    """

    def __init__(self, url: URL, remedy: str) -> None:
        self.where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
        self.remedy = remedy
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = _engine(url, self.is_sqlite)
        self._writing = self._engine.execution_options(writing=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the database."""
        with explained(str(self.where), self.remedy), Session(self._engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that is committed at the end, or takes everything back when an error leaves the block."""
        with (
            explained(str(self.where), self.remedy),
            Session(self._writing, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def structure(self) -> Iterator[Connection]:
        """A connection for changes of the tables themselves: all or none of them."""
        with explained(str(self.where), self.remedy), self._writing.begin() as connection:
            yield connection

    def check(self) -> None:
        """Look at every page of an SQLite file. Raises :class:`LibraryFault` when one is damaged."""
        if not self.is_sqlite:
            return
        with explained(str(self.where), self.remedy), self._engine.connect() as connection:
            found = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
            if found != "ok":
                reason = str(found).splitlines()[-1]
                raise LibraryFault(f"{self.where}: it is damaged ({reason}); {self.remedy}")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def next_serial(session: Session) -> int:
    """The number of the change that this transaction makes. It is the first statement of every change: from here to its
    end no other transaction changes entries, so numbers become visible in their order."""
    session.execute(update(LibraryRow).values(serial=LibraryRow.serial + 1))
    return session.execute(select(LibraryRow.serial)).scalar_one()


def _engine(url: URL, is_sqlite: bool) -> Engine:
    try:
        if is_sqlite:
            engine = create_engine(url, connect_args={"timeout": BUSY}, pool_size=8, max_overflow=24)
        else:
            engine = create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=24)
    except ModuleNotFoundError as error:
        raise UserError(
            f"the driver {error.name} of this database is missing; pip install 'psycopg[binary]'"
        ) from error
    if is_sqlite:
        event.listen(engine, "connect", _settle_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _settle_sqlite(connection: Any, record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not where the driver guesses
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")
