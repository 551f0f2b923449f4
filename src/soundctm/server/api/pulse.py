"""What wakes the streams of events: changes of the library, and the end of the server."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.concurrency import run_in_threadpool

from soundctm.server.library import Library, LibraryFault

log = logging.getLogger(__name__)


class Pulse:
    """Looks for changes of a library every ``look`` seconds while a stream waits for them, once for all streams: the
    changes may come from another process, which cannot tell. For the thread of the event loop alone."""

    def __init__(self, library: Library, look: float) -> None:
        self.closed = False
        self._library, self._look = library, look
        self._bells: set[asyncio.Event] = set()
        self._followers: set[asyncio.Event] = set()
        self._looking: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Let all streams end."""
        self.closed = True
        for bell in self._bells:
            bell.set()

    @contextmanager
    def bell(self, bell: asyncio.Event, follow: bool = False) -> Iterator[None]:
        """Let an event be set when the server ends, and with ``follow`` when the library has changed."""
        self._bells.add(bell)
        if follow:
            self._followers.add(bell)
            self._looking = self._looking or asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self._bells.discard(bell)
            self._followers.discard(bell)
            if not self._followers and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _watch(self) -> None:
        seen, failing = -1, False
        while True:
            serial = seen
            try:
                serial = await run_in_threadpool(lambda: self._library.serial)
                failing = False
            except LibraryFault:  # busy or gone; requests say so, and the next look may find it again
                pass
            except Exception:  # a mistake, which is told once: whoever follows is not left without the next look
                if not failing:
                    log.exception("the library could not be looked at for changes")
                failing = True
            if serial != seen:
                seen = serial
                for bell in self._followers:
                    bell.set()
            await asyncio.sleep(self._look)


async def rung(bell: asyncio.Event, seconds: float) -> bool:
    """Whether the bell rings within so many seconds; it can ring again then."""
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return False
    bell.clear()
    return True
