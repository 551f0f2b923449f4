"""Jobs: what is to be made, how far it is, and its end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from soundctm.errors import UserError
from soundctm.server.api.errors import Json, Refusal
from soundctm.server.api.parts import OnlyJson, Parts, PartsPart, WorkshopPart
from soundctm.server.api.pulse import rung
from soundctm.server.api.streams import ALIVE, MEDIA_TYPE, EventStream, event
from soundctm.server.api.wire import Error, JobBody, JobsBody, clip_body, job_body
from soundctm.server.jobs import EDITS, GenerateRequest, Job, RefineRequest, ShapeRequest, VaryRequest
from soundctm.server.jobs import Request as Order
from soundctm.server.library import LibraryFault, LibraryMiss, State
from soundctm.server.library.jobs import MAX_JOBS, UNFINISHED

router = APIRouter(prefix="/v1", tags=["jobs"])
_STREAM: dict[int | str, dict[str, Any]] = {200: {"description": "The job's events", "content": {MEDIA_TYPE: {}}}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **_STREAM,
    202: {"model": JobBody, "description": "The job was taken on"},
    429: {"model": Error, "description": "Too many takes wait; see Retry-After"},
}


@router.get("/jobs")
def jobs(
    parts: PartsPart,
    state: Annotated[tuple[State, ...], Query()] = (),
    limit: Annotated[int, Query(ge=1, le=MAX_JOBS)] = 100,
) -> JobsBody:
    """Jobs, newest first; of certain states, or all."""
    if not state:
        return JobsBody(jobs=[job_body(parts.workshop.job_of(each)) for each in parts.library.jobs((), limit)])
    # What has just ended may stand in the library as running still.
    records = parts.library.jobs({*state, *UNFINISHED}, MAX_JOBS)
    found = map(parts.workshop.job_of, records)
    return JobsBody(jobs=[job_body(job) for job in islice((job for job in found if job.state in state), limit)])


@router.get("/jobs/{id}")
def job(id: str, workshop: WorkshopPart) -> JobBody:
    """One job."""
    return job_body(workshop.job(id))


@router.delete("/jobs/{id}")
def cancel(id: str, workshop: WorkshopPart) -> JobBody:
    """End a job with the step that it is at; what it has made so far stays. 409 for one that another program on this
    library makes: only that can end it."""
    return job_body(workshop.cancel(id))


@router.post("/jobs/{id}/again", status_code=202, response_class=Json, responses=_ANSWERS)
async def again(id: str, request: Request, parts: PartsPart) -> Response:
    """A job that has ended once more, as a new one."""
    return await _taken_on(request, parts, lambda: parts.workshop.again(id, client_of(request)))


@router.get("/jobs/{id}/events", response_class=StreamingResponse, responses=_STREAM)
async def events(id: str, parts: PartsPart) -> EventStream:
    """Server-sent events: ``clip`` for every sound as soon as it is there, ``job`` for every change, until the end."""
    feed = Feed(parts, id)
    await feed.begin()
    return EventStream(feed.events(), feed.end)


def _add(path: str, kind: type[Order]) -> None:
    """A route that takes on jobs of a kind. With ``Accept: text/event-stream`` it answers with the job's events, and a
    client that goes away cancels the job."""

    async def post(body: Order, request: Request, parts: PartsPart) -> Response:
        return await _taken_on(request, parts, lambda: parts.workshop.submit(body, client_of(request)))

    post.__annotations__["body"] = kind
    post.__doc__ = (
        f"{(kind.__doc__ or '').strip()}\n\nWith `Accept: text/event-stream` the answer is the job's events, and a "
        "client that goes away cancels the job."
    )
    options: dict[str, Any] = {"status_code": 202, "response_class": Json, "responses": _ANSWERS}
    router.add_api_route(path, post, methods=["POST"], name=kind.kind, dependencies=[OnlyJson], **options)


_add("/generate", GenerateRequest)
_add("/refine", RefineRequest)
_add("/vary", VaryRequest)
_add("/shape", ShapeRequest)
for _kind, _request in EDITS.items():
    _add(f"/edit/{_kind}", _request)


@router.post("/edit/{kind}", include_in_schema=False)
async def unknown_edit(kind: str) -> None:
    """Say which edits there are."""
    raise Refusal(404, f"there is no edit {kind[:40]!r}; accepted are {', '.join(EDITS)}", "kind")


def client_of(request: Request) -> str:
    """Whose job it is, as all clients get their turn: what the client calls itself, or where it is."""
    named = request.headers.get("x-client", "")[:64]
    return named or (request.client.host if request.client else "")


async def _taken_on(request: Request, parts: Parts, take_on: Callable[[], Job]) -> Response:
    job = await run_in_threadpool(take_on)
    headers = {"Location": f"/v1/jobs/{job.id}"}
    if MEDIA_TYPE not in request.headers.get("accept", ""):
        return Json(job_body(job).model_dump(mode="json"), 202, headers)
    feed = Feed(parts, job.id, leaving_cancels=True)
    await feed.begin()
    answer = EventStream(feed.events(), feed.end)
    answer.headers.update(headers)
    return answer


class Feed:
    """The events of a job, brought from the threads of the workshop into the event loop. Of changes that come faster
    than they can be sent, the newest is sent. Of a job that another program makes, the record is looked at again and
    again."""

    def __init__(self, parts: Parts, identifier: str, leaving_cancels: bool = False) -> None:
        self.parts, self.identifier, self.leaving_cancels = parts, identifier, leaving_cancels
        self._loop = asyncio.get_running_loop()
        self._job: Job | None = None
        self._bell, self._urgent = asyncio.Event(), asyncio.Event()
        self._stop: Callable[[], None] = lambda: None
        self._looking: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Listen. Raises :class:`LibraryMiss` for an unknown job."""
        if not await run_in_threadpool(self._listen):
            self._looking = asyncio.create_task(self._look())

    def _listen(self) -> bool:
        """Whether changes will be told."""
        workshop = self.parts.workshop
        self._stop = workshop.listen(self.identifier, self._heard)
        return workshop.makes(self.identifier)

    async def _look(self) -> None:
        """Tell of a job that nobody here makes when its record changes, until it has ended."""
        while self._job is None or not self._job.final:
            await asyncio.sleep(self.parts.settings.look)
            with suppress(LibraryFault):  # busy or gone; the next look may find it again
                job = await run_in_threadpool(self.parts.workshop.job, self.identifier)
                if job != self._job:
                    self._note(job)

    def _heard(self, job: Job) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._note, job)

    def _note(self, job: Job) -> None:
        if job.final or (self._job is not None and len(job.entries) > len(self._job.entries)):
            self._urgent.set()
        self._job = job
        self._bell.set()

    async def events(self) -> AsyncIterator[bytes]:
        """Events until the job or the server ends."""
        told: set[str] = set()
        with self.parts.pulse.bell(self._bell):
            while not self.parts.pulse.closed:
                while not await rung(self._bell, self.parts.settings.alive):
                    yield ALIVE
                if (job := self._job) is None:
                    continue
                for identifier in job.entries:
                    if identifier not in told and (sent := await self._clip(identifier)) is not None:
                        yield sent
                    told.add(identifier)
                yield event("job", job_body(job))
                if job.final:
                    return
                await rung(self._urgent, self.parts.settings.pause)  # steps may wait a moment, sounds never do

    async def _clip(self, identifier: str) -> bytes | None:
        try:
            return event("clip", clip_body(await run_in_threadpool(self.parts.library.get, identifier)))
        except (LibraryMiss, LibraryFault):  # purged already, or not to be read now: the job lists it all the same
            return None

    def end(self) -> None:
        """Listen no more. A job that somebody waited for who went away is cancelled, but not when the server ends:
        then it is interrupted, and can be run again."""
        self._stop()
        if self._looking is not None:
            self._looking.cancel()
        left = self._job is None or not self._job.final
        if self.leaving_cancels and left and not self.parts.pulse.closed:
            self._loop.run_in_executor(None, self._cancel)

    def _cancel(self) -> None:
        with suppress(UserError):  # a fault of the library: the job ends all the same
            self.parts.workshop.cancel(self.identifier)
