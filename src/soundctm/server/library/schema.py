"""The tables. Types and statements are those that SQLite and PostgreSQL share."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, foreign, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

VERSION = 1  # goes up with every change of the tables, and of what a recipe may hold
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """A time in UTC, as microseconds since 1970: sorts and compares alike in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        whole = value - EPOCH
        return (whole.days * 86_400 + whole.seconds) * 1_000_000 + whole.microseconds

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        seconds, microseconds = divmod(value, 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)


class Base(DeclarativeBase):
    """What all tables share."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Moment}


class LibraryRow(Base):
    """The one row about the library: its schema's version, its identity (the folder holds the same), and the serial
    number of the last change. This table never changes its shape, so that any version can be told."""

    __tablename__ = "library"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    identity: Mapped[str]
    serial: Mapped[int] = mapped_column(BigInteger)


class JobRow(Base):
    """A job; ``owner`` is the open library that works on it (:class:`soundctm.server.library.locks.Owner`)."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(primary_key=True)
    created: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str]
    request: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    error: Mapped[str | None]
    owner: Mapped[str]


class TagRow(Base):
    """A tag as it was written, and the key that it is found by."""

    __tablename__ = "tags"

    entry: Mapped[str] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True, index=True)
    tag: Mapped[str]


class ParentRow(Base):
    """A sound that another was made of. Without a foreign key: a line of descent outlives what is purged from it."""

    __tablename__ = "parents"

    child: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    parent: Mapped[str] = mapped_column(index=True)


class EntryRow(Base):
    """A sound. ``born`` and ``serial`` are the numbers of its first and its last change: they only ever grow, whatever
    the clock does, so pages are cut by ``born``. ``haystack`` is what its texts are found by."""

    __tablename__ = "entries"

    id: Mapped[str] = mapped_column(primary_key=True)
    born: Mapped[int] = mapped_column(BigInteger, unique=True)
    serial: Mapped[int] = mapped_column(BigInteger, index=True)
    created: Mapped[datetime]
    name: Mapped[str]
    prompt: Mapped[str]
    haystack: Mapped[str]
    kind: Mapped[str]
    seconds: Mapped[float]
    sample_rate: Mapped[int]
    channels: Mapped[int]
    steps: Mapped[int | None]
    seed: Mapped[int | None] = mapped_column(BigInteger)
    recipe: Mapped[str | None]
    starred: Mapped[bool] = mapped_column(default=False)
    deleted: Mapped[datetime | None] = mapped_column(index=True)
    deletion: Mapped[str | None] = mapped_column(index=True)
    digest: Mapped[str] = mapped_column(index=True)
    loudness: Mapped[float]
    similarity: Mapped[float | None]
    job: Mapped[str | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)

    tags: Mapped[list[TagRow]] = relationship(order_by=TagRow.key, lazy="selectin", cascade="all, delete-orphan")
    parents: Mapped[list[ParentRow]] = relationship(
        primaryjoin=lambda: EntryRow.id == foreign(ParentRow.child),
        order_by=ParentRow.position, lazy="selectin", viewonly=True,
    )  # fmt: skip


class EmbeddingRow(Base):
    """How a sound sounds: a vector of length 1 in float16, for comparison with others of its size."""

    __tablename__ = "embeddings"

    entry: Mapped[str] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    size: Mapped[int]
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class GoneRow(Base):
    """An entry that is no more: ``purged``, so that its file goes too, or lost with its file."""

    __tablename__ = "gone"

    id: Mapped[str] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column(BigInteger, index=True)
    purged: Mapped[bool]


Index("living", EntryRow.born, sqlite_where=EntryRow.deleted.is_(None), postgresql_where=EntryRow.deleted.is_(None))
