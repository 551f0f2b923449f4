"""The jobs of a library: what was asked for, how far it got, and what came of it."""

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from soundctm.errors import UserError
from soundctm.server.library.entries import is_id
from soundctm.server.library.faults import LibraryConflict, LibraryMiss
from soundctm.server.library.locks import is_dead
from soundctm.server.library.names import printable
from soundctm.server.library.schema import EntryRow, JobRow

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
STATES: tuple[State, ...] = get_args(State)
UNFINISHED: tuple[State, ...] = ("queued", "running")
MAX_REQUEST = 2**20  # characters of JSON
MAX_ERROR = 2000
MAX_JOBS = 500


@dataclass(frozen=True)
class JobRecord:
    """A job as it is kept; ``results`` are the ids of the sounds that it made and that were not purged, first to last.

    ``interrupted`` is what a process left unfinished that ended; its ``request`` can be asked for again.
    """

    id: str
    created: datetime
    kind: str
    request: dict[str, Any]
    state: State
    error: str | None
    results: tuple[str, ...]


def save(session: Session, kind: str, request: Mapping[str, Any], owner: str, identifier: str | None) -> JobRecord:
    """Keep a new job, queued. Raises :class:`UserError` for a request that JSON cannot hold, or a long one."""
    if identifier is not None and not is_id(identifier):
        raise UserError(f"the job's id is {str(identifier)[:40]!r}; give 32 hex digits, or leave it out")
    if not kind or kind != printable(kind) or len(kind) > 40:
        raise UserError(f"the kind of job is {kind[:40]!r}; give a short name")
    try:
        text = json.dumps(dict(request), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UserError(
            f"the request cannot be written as JSON ({error}); give texts, finite numbers, lists"
        ) from error
    if len(text) > MAX_REQUEST:
        raise UserError(f"the request has {len(text):,} characters of JSON; at most {MAX_REQUEST:,} are accepted")
    row = JobRow(
        id=identifier or uuid.uuid4().hex, created=datetime.now(UTC), kind=kind, request=text, state="queued",
        error=None, owner=owner,
    )  # fmt: skip
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise LibraryConflict(f"there is a job {row.id} already; leave the id out") from error
    return _record(row, ())


def move(session: Session, identifier: str, state: State, error: str | None) -> JobRecord:
    """Queued to running, and either to an end. Raises :class:`LibraryMiss` for an unknown job, and
    :class:`LibraryConflict` for one that has ended, or that runs and is to be queued."""
    if state not in STATES:
        raise UserError(f"state is {str(state)[:40]!r}; accepted are {', '.join(STATES)}")
    check_id(identifier)
    before = {"queued": ("queued",), "running": UNFINISHED}.get(state, UNFINISHED)
    reason = None if error is None else printable(error)[:MAX_ERROR]
    change = update(JobRow).where(JobRow.id == identifier, JobRow.state.in_(before)).values(state=state, error=reason)
    changed = session.execute(change.returning(JobRow.id)).one_or_none()
    record = read(session, identifier)
    if changed is None:
        raise LibraryConflict(f"the job {identifier} is {record.state} and cannot become {state}")
    return record


def read(session: Session, identifier: str) -> JobRecord:
    """One job. Raises :class:`LibraryMiss` when there is none of that id."""
    check_id(identifier)
    row = session.get(JobRow, identifier, populate_existing=True)
    if row is None:
        raise _miss(identifier)
    return _records(session, [row])[0]


def check_id(identifier: str) -> None:
    """Raise :class:`LibraryMiss` for what cannot be the id of a job."""
    if not is_id(identifier):
        raise _miss(identifier)


def newest(session: Session, states: Collection[State], limit: int) -> tuple[JobRecord, ...]:
    """Jobs in any of these states (none given: all), newest first."""
    if not 1 <= limit <= MAX_JOBS:
        raise UserError(f"limit is {limit:,}; accepted are 1 to {MAX_JOBS}")
    statement = select(JobRow).order_by(JobRow.created.desc(), JobRow.id).limit(limit)
    if states:
        statement = statement.where(JobRow.state.in_(states))
    return _records(session, session.scalars(statement).all())


def left_behind(session: Session, incoming: Path) -> list[str]:
    """The owners that have ended and have unfinished jobs."""
    owners = session.scalars(select(JobRow.owner).where(JobRow.state.in_(UNFINISHED)).distinct()).all()
    return [owner for owner in owners if is_dead(incoming, owner)]


def interrupt(session: Session, dead: Collection[str]) -> tuple[str, ...]:
    """Mark the unfinished jobs of owners that have ended; their ids."""
    left = (JobRow.state.in_(UNFINISHED), JobRow.owner.in_(dead))
    ids = tuple(session.scalars(select(JobRow.id).where(*left).order_by(JobRow.created)))
    error = "the program ended before the job did; it can be run again"
    session.execute(update(JobRow).where(*left).values(state="interrupted", error=error))
    return ids


def _miss(identifier: object) -> LibraryMiss:
    return LibraryMiss(f"no job {str(identifier)[:40]!r} in the library")


def _records(session: Session, rows: Iterable[JobRow]) -> tuple[JobRecord, ...]:
    rows = list(rows)
    made = select(EntryRow.job, EntryRow.id).where(EntryRow.job.in_(row.id for row in rows)).order_by(EntryRow.born)
    results: defaultdict[str | None, list[str]] = defaultdict(list)
    for job, entry in session.execute(made):
        results[job].append(entry)
    return tuple(_record(row, tuple(results[row.id])) for row in rows)


def _record(row: JobRow, results: tuple[str, ...]) -> JobRecord:
    state = cast(State, row.state)
    return JobRecord(row.id, row.created, row.kind, json.loads(row.request), state, row.error, results)
