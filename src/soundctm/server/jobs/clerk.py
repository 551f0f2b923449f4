"""The thread that writes to the library, so that those who make takes never wait for a disk."""

import logging
import queue
import threading
from collections.abc import Callable

import numpy as np

from soundctm.audio import Clip
from soundctm.errors import UserError
from soundctm.server.library import Library

Errand = Callable[[], None]
Embed = Callable[[Clip], np.ndarray | None]

log = logging.getLogger(__name__)


def no_embedding(clip: Clip) -> None:
    """Sounds whose likeness nobody asks for."""


def describe(library: Library, identifier: str, embed: Embed, clip: Clip) -> None:
    """Say how a sound of the library sounds."""
    if (embedding := embed(clip)) is not None:
        library.embed(identifier, embedding)


class Clerk:
    """Does errands one after the other, in the order in which they were given."""

    def __init__(self) -> None:
        self._errands: queue.SimpleQueue[Errand | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="workshop-clerk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def give(self, errand: Errand) -> None:
        """One more errand. What goes wrong with it is logged: nobody waits for it."""
        self._errands.put(errand)

    def close(self) -> None:
        """Do what was given so far, and end."""
        self._errands.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (errand := self._errands.get()) is not None:
            try:
                errand()
            except UserError as error:
                log.error("%s", error)
            except Exception:
                log.exception("an errand failed")
