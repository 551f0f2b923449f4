"""A job: what the world sees of it, and what the workshop keeps of it until it has ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from soundctm.audio import Recipe
from soundctm.errors import UserError
from soundctm.performance import work
from soundctm.server.jobs.orders import Order
from soundctm.server.library import JobRecord, State

FINAL: frozenset[State] = frozenset({"done", "failed", "cancelled", "interrupted"})


@dataclass(frozen=True)
class Job:
    """A job at one moment.

    ``place`` counts the jobs before it, and the clients whose turn comes before, while it waits; ``done`` and ``total``
    network steps over all takes, both 0 for a job of which only the record is left; ``seconds_left`` None where nobody
    can tell yet; ``entries`` the sounds made so far, ids of the library in the order in which they came.
    """

    id: str
    kind: str
    state: State
    created: datetime
    place: int | None
    done: int
    total: int
    seconds_left: float | None
    entries: tuple[str, ...]
    error: str | None
    request: dict[str, Any]

    @property
    def final(self) -> bool:
        """Whether it has ended, however that was."""
        return self.state in FINAL


Listener = Callable[[Job], None]


class Stopwatch:
    """Seconds in which takes of a job were made, one or several at a time: while others have their turn it stands."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._takes, self._since, self._before = 0, 0.0, 0.0

    def start(self) -> None:
        """A take is being made from now on."""
        if not self._takes:
            self._since = self.clock()
        self._takes += 1

    def stop(self) -> None:
        """One is no longer."""
        self._takes -= 1
        if not self._takes:
            self._before += self.clock() - self._since

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self._before + (self.clock() - self._since if self._takes else 0.0)


class Task:
    """A job on its way; whoever holds the lock of the workshop may change it."""

    def __init__(self, record: JobRecord, order: Order, client: str) -> None:
        self.record, self.order, self.client = record, order, client
        self.state: State = record.state
        self.error: str | None = None
        self.total = sum(map(work, order.recipes))
        self.weight = work(order.recipes[0])  # of one take
        self.seconds = order.recipes[0].seconds  # of one take
        self.done = 0
        self.left = len(order.recipes)
        self.entries: list[str] = []
        self.watch = Stopwatch()
        self.listeners: list[Listener] = []

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def ended(self) -> bool:
        return self.state in FINAL

    @property
    def amount(self) -> float:
        """What is left to do: units of work, times the seconds of sound that each is about."""
        return (self.total - self.done) * self.seconds

    def job(self, place: int, seconds_left: float | None) -> Job:
        """What the world sees of it now."""
        return Job(
            id=self.id, kind=self.record.kind, state=self.state, created=self.record.created,
            place=place if self.state == "queued" else None, done=self.done, total=self.total,
            seconds_left=None if self.ended else seconds_left, entries=tuple(self.entries), error=self.error,
            request=self.record.request,
        )  # fmt: skip


def kept(record: JobRecord) -> Job:
    """A job of which only the record is left."""
    return Job(
        id=record.id, kind=record.kind, state=record.state, created=record.created, place=None, done=0, total=0,
        seconds_left=None, entries=record.results, error=record.error, request=record.request,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Ticket:
    """One take of a task."""

    task: Task
    recipe: Recipe
    number: int  # of all tickets ever

    @cached_property
    def work(self) -> int:
        """Units of work of this take."""
        return work(self.recipe)

    @property
    def amount(self) -> float:
        """Units of work, times the seconds of sound that each is about."""
        return self.work * self.recipe.seconds


def said(error: Exception) -> str:
    """Why a job failed, in words."""
    return str(error) if isinstance(error, UserError) else f"a take failed ({type(error).__name__}: {error})"
