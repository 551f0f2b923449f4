"""Sounds and jobs as JSON."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from soundctm.server.jobs import Job
from soundctm.server.library import Changes, Deletion, Entry, Kind, State


class Problem(BaseModel):
    """What is wrong, in one line, and which field."""

    message: str
    field: str | None


class Error(BaseModel):
    """Every answer that is no success."""

    error: Problem


class ClipBody(BaseModel):
    """A sound of the library. What a recipe says is null where there is none; ``loudness`` is in dB full scale,
    ``similarity`` the cosine to the first parent."""

    id: str
    created: datetime
    name: str
    prompt: str
    kind: Kind
    seconds: float
    sample_rate: int
    channels: int
    steps: int | None
    seed: int | None
    take: int | None
    omega: float | None
    nu: float | None
    gamma: float | None
    parents: list[str]
    starred: bool
    tags: list[str]
    deleted: datetime | None
    loudness: float
    similarity: float | None
    job: str | None
    recipe: dict[str, Any] | None


class UploadBody(ClipBody):
    """A sound that was brought in; ``note`` says what its file had that could not be kept, and whether it was turned
    down to fit, null where that is nothing."""

    note: str | None


class JobBody(BaseModel):
    """A job. ``place`` counts the jobs and the clients whose turn comes before while it waits; ``done`` and ``total``
    are network steps over all takes; ``clips`` are the sounds that it has made so far."""

    id: str
    kind: str
    state: State
    created: datetime
    place: int | None
    done: int
    total: int
    seconds_left: float | None
    clips: list[str]
    error: str | None
    request: dict[str, Any]


class ClipsBody(BaseModel):
    """Some sounds."""

    clips: list[ClipBody]


class PageBody(ClipsBody):
    """A part of what a search found; ``scores`` are the cosines of a search by similarity."""

    next_cursor: str | None
    scores: list[float] | None


class TreeBody(ClipsBody):
    """What a sound came from and what came from it, from old to new; links are (parent, child), ``missing`` were
    purged."""

    root: str
    links: list[tuple[str, str]]
    missing: list[str]


class ChangesBody(BaseModel):
    """What changed since a serial number: ``ids`` are new or other than before, ``gone`` are no more."""

    serial: int
    ids: list[str]
    gone: list[str]


class UndoBody(BaseModel):
    """What was deleted just now, without what was deleted before; ``undo`` is the token that takes it back, null where
    that is nothing."""

    deleted: list[str]
    undo: str | None


class PurgedBody(BaseModel):
    """How many sounds were removed for good, and how many bytes their files had."""

    purged: int
    bytes: int


class JobsBody(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobBody]


def clip_body(entry: Entry) -> ClipBody:
    """A sound as JSON."""
    recipe = None if entry.recipe is None else entry.recipe.model_dump(mode="json")
    said = recipe or {}
    return ClipBody(
        id=entry.id, created=entry.created, name=entry.name, prompt=entry.prompt, kind=entry.kind,
        seconds=entry.seconds, sample_rate=entry.sample_rate, channels=entry.channels, steps=entry.steps,
        seed=entry.seed, take=said.get("take"), omega=said.get("omega"), nu=said.get("nu"), gamma=said.get("gamma"),
        parents=list(entry.parents), starred=entry.starred, tags=list(entry.tags), deleted=entry.deleted,
        loudness=entry.loudness, similarity=entry.similarity, job=entry.job, recipe=recipe,
    )  # fmt: skip


def upload_body(entry: Entry, note: str | None) -> UploadBody:
    """A sound that was brought in as JSON."""
    return UploadBody(**dict(clip_body(entry)), note=note)


def clips_body(entries: Iterable[Entry]) -> ClipsBody:
    """Sounds as JSON."""
    return ClipsBody(clips=[clip_body(entry) for entry in entries])


def undo_body(deletion: Deletion) -> UndoBody:
    """A deletion as JSON."""
    return UndoBody(deleted=list(deletion.ids), undo=deletion.token)


def purged_body(purged: tuple[tuple[str, ...], int]) -> PurgedBody:
    """A purge as JSON."""
    ids, size = purged
    return PurgedBody(purged=len(ids), bytes=size)


def job_body(job: Job) -> JobBody:
    """A job as JSON."""
    return JobBody(
        id=job.id, kind=job.kind, state=job.state, created=job.created, place=job.place, done=job.done,
        total=job.total, seconds_left=job.seconds_left, clips=list(job.entries), error=job.error, request=job.request,
    )  # fmt: skip


def changes_body(changes: Changes) -> ChangesBody:
    """Changes as JSON."""
    return ChangesBody(serial=changes.serial, ids=list(changes.ids), gone=list(changes.gone))
