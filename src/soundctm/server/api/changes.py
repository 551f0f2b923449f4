"""What changed in the library, by whatever program."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from soundctm.server.api.parts import LibraryPart, Parts, PartsPart
from soundctm.server.api.pulse import rung
from soundctm.server.api.streams import ALIVE, MEDIA_TYPE, EventStream, event
from soundctm.server.api.wire import ChangesBody, changes_body
from soundctm.server.library import LibraryFault

router = APIRouter(prefix="/v1", tags=["changes"])
Serial = Annotated[int, Query(ge=0, lt=2**63, description="The number of the last change that is known.")]


@router.get("/changes")
def changes(library: LibraryPart, since: Serial = 0) -> ChangesBody:
    """What changed after a number; 0 for everything."""
    return changes_body(library.changes_since(since))


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {MEDIA_TYPE: {}}}})
async def events(
    parts: PartsPart, since: Serial | None = None, last_event_id: Annotated[str | None, Header()] = None
) -> EventStream:
    """Server-sent events: ``changes`` with what changed since the one before, whenever the library changed.

    The first comes at once: what changed after ``since`` (or the id that a reader saw last), or only the number of
    the last change where neither is given.
    """
    start = int(last_event_id) if last_event_id and last_event_id.isdecimal() and len(last_event_id) < 19 else since
    if start is None:
        start = await run_in_threadpool(lambda: parts.library.serial)
    return EventStream(_events(parts, start), lambda: None)


async def _events(parts: Parts, serial: int) -> AsyncIterator[bytes]:
    first, bell = True, asyncio.Event()
    with parts.pulse.bell(bell, follow=True):
        while not parts.pulse.closed:
            try:
                found = await run_in_threadpool(parts.library.changes_since, serial)
            except LibraryFault:  # a reader that comes again is told what is wrong
                return
            if first or found.serial != serial:
                first, serial = False, found.serial
                yield event("changes", changes_body(found), serial)
            while not await rung(bell, parts.settings.alive):
                yield ALIVE
