"""Server-sent events: how they are written, and a response that knows when its reader is gone."""

from collections.abc import AsyncIterator, Callable

from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

MEDIA_TYPE = "text/event-stream"
ALIVE = b": alive\n\n"  # a comment: readers pass over it, and whatever lies between sees that the line is in use


def event(name: str, body: BaseModel, identifier: int | None = None) -> bytes:
    """One event; with an identifier, a reader that lost the line says from where it wants to go on."""
    mark = "" if identifier is None else f"id: {identifier}\n"
    return f"event: {name}\n{mark}data: {body.model_dump_json()}\n\n".encode()


class EventStream(StreamingResponse):
    """Events as they come. ``end`` is called once the response is over: because there are no more events, or because
    the reader went away, which stops them wherever they are."""

    def __init__(self, events: AsyncIterator[bytes], end: Callable[[], None]) -> None:
        super().__init__(events, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()
