"""Locks that end with the process that holds them: who opens a library, and who still works on it."""

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from soundctm.locks import try_lock
from soundctm.server.library.faults import LibraryFault, writing

OPENING = 30.0  # seconds to wait for another process that opens the same library
_PAUSE = 0.02


@contextmanager
def alone(path: Path, patience: float = OPENING) -> Iterator[None]:
    """Hold the lock of that file; raises :class:`LibraryFault` when others hold it for longer than ``patience`` s."""
    with writing(path):
        file = path.open("ab")
    deadline = time.monotonic() + patience
    with file:
        while not try_lock(file):
            if time.monotonic() > deadline:
                raise LibraryFault(f"{path.parent}: another program is opening this library; try again in a moment")
            time.sleep(_PAUSE)
        yield


class Owner:
    """One open :class:`Library`: a token, and a folder of its own with a lock that is held as long as it lives.

    The folder keeps what is being written, so that what a dead owner left can be told from what a living one is at.
    """

    def __init__(self, incoming: Path) -> None:
        self.token = secrets.token_hex(8)
        self.folder = incoming / self.token
        with writing(self.folder):
            self.folder.mkdir(parents=True)
            self._file = (self.folder / "lock").open("ab")
        if not try_lock(self._file):
            raise LibraryFault(f"{self.folder} cannot be locked; choose a folder on a disk of this machine")

    def release(self) -> None:
        """Give the lock back and leave nothing behind; a second time does nothing."""
        if not self._file.closed:
            self._file.close()
            shutil.rmtree(self.folder, ignore_errors=True)  # what stays is removed when the library is opened again


def is_dead(incoming: Path, token: str) -> bool:
    """Whether the owner of that token has ended, by itself or by force."""
    path = incoming / token / "lock"
    with writing(path):
        try:
            file = path.open("rb+")
        except FileNotFoundError:
            return True
    with file:
        return try_lock(file)


def bury_the_dead(incoming: Path) -> tuple[str, ...]:
    """Remove what ended owners were writing; their tokens. Only for who holds the library's lock (:func:`alone`)."""
    dead = [folder.name for folder in sorted(incoming.iterdir()) if folder.is_dir() and is_dead(incoming, folder.name)]
    for token in dead:
        with writing(incoming / token), suppress(FileNotFoundError):  # it ends by itself at this moment
            shutil.rmtree(incoming / token)
    return tuple(dead)
