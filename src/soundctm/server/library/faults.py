"""What can go wrong with a library, in words."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from soundctm.errors import UserError


class LibraryMiss(UserError):
    """Something that was asked for by its id is not in the library."""


class LibraryConflict(UserError):
    """What was asked for contradicts what has happened meanwhile."""


class LibraryFault(UserError):
    """The disk, the folder or the database does not do what it must; what was asked may be right another time."""


class DiskFull(LibraryFault):
    """There is no space left for what is to be kept."""


FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL = "the disk is full; free some space and try again"
# What databases say (SQLite, PostgreSQL), and what it means.
_MEANINGS = (
    (("disk is full", "no space left", "could not extend file"), _FULL),
    (
        ("disk i/o error",),
        "the disk refuses to read or write; free some space, and check the disk if that does not help",
    ),
    (("readonly", "read-only"), "it is read-only; give this user the right to write, or choose another folder"),
    (("malformed", "not a database"), "it is damaged; {remedy}"),
    (("unable to open",), "it cannot be opened; check the folder and its permissions"),
    (("database is locked", "timed out"), "it is busy; try again in a moment"),
)
_REMEDY = "restore it from a backup"


def lost_connection(error: BaseException) -> bool:
    """Whether the database went away, so that nobody can tell whether it did what it was asked."""
    cause = error.__cause__ if isinstance(error, LibraryFault) else error
    return isinstance(cause, DBAPIError) and cause.connection_invalidated


@contextmanager
def explained(where: str, remedy: str = _REMEDY) -> Iterator[None]:
    """Turn what the database complains about into a :class:`LibraryFault` that names ``where`` and the remedy.

    Errors that only a mistake in our own statements can cause stay as they are.
    """
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        faults = (OperationalError, InternalError, InterfaceError, PoolTimeout)
        if not isinstance(error, faults) and type(error) is not DatabaseError:
            raise
        meaning = _meaning(error)
        kind = DiskFull if meaning == _FULL else LibraryFault
        raise kind(f"{where}: {meaning.format(remedy=remedy)}") from error


def _meaning(error: DBAPIError | PoolTimeout) -> str:
    reason = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    for signs, meaning in _MEANINGS:
        if any(sign in reason.lower() for sign in signs):
            return meaning
    return (reason.splitlines() or [type(error).__name__])[0].replace("{", "(").replace("}", ")")


@contextmanager
def writing(what: object) -> Iterator[None]:
    """Turn an OSError into a :class:`LibraryFault` that names ``what`` could not be written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        kind = DiskFull if error.errno in FULL_ERRNOS else LibraryFault
        raise kind(f"cannot write {what}: {reason}; free some space or choose another folder") from error
