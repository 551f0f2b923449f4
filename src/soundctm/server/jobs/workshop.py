"""The workshop: jobs go in, sounds go into the library, and everybody can see how far each job is."""

import atexit
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from soundctm.audio import Clip
from soundctm.errors import UserError
from soundctm.lanes import Dropped
from soundctm.model import SoundCTM
from soundctm.performance import work
from soundctm.server.jobs.clerk import Clerk
from soundctm.server.jobs.job import Job, Listener, Task, Ticket, kept
from soundctm.server.jobs.limits import LONGEST_WAIT, Limits, Load, QueueFull
from soundctm.server.jobs.orders import order_of
from soundctm.server.jobs.pace import Pace
from soundctm.server.jobs.requests import REQUESTS, Request
from soundctm.server.jobs.schedule import Schedule
from soundctm.server.jobs.workers import Result, Workers
from soundctm.server.library import Library, LibraryConflict, State

REMEMBERED = 256  # jobs that have ended
Embed = Callable[[Clip], np.ndarray | None]


def no_embedding(clip: Clip) -> None:
    """Sounds whose likeness nobody asks for."""


class Workshop:
    """Makes what is asked for, and keeps it in a library. Its methods may be called from any thread.

    Takes of all jobs share threads and batches, and each is to the last bit what its recipe gives alone. ``embed``
    says how a clip sounds, for the library to compare. :meth:`close` it in the end; jobs that have not ended by then
    are "interrupted".
    """

    def __init__(
        self, model: SoundCTM, library: Library, limits: Limits = Limits(), embed: Embed = no_embedding
    ) -> None:
        self.model, self.library, self.limits, self.embed = model, library, limits, embed
        self._lock = threading.Condition(threading.RLock())
        self._schedule = Schedule(self._lock)
        self._pace = Pace()
        self._tasks: dict[str, Task] = {}  # in the order in which they came
        self._past: OrderedDict[str, Job] = OrderedDict()
        self._numbers = iter(range(2**63))
        self._ended: dict[State, int] = {"done": 0, "failed": 0, "cancelled": 0, "interrupted": 0}
        self._coming, self._takes, self._sound, self._closed = 0, 0, 0.0, False
        self._clerk = Clerk()
        self._workers = Workers(model, self._pull, self._tick, self._deliver)
        self._clerk.start()
        self._workers.start()
        atexit.register(self.close)  # a thread that computes while the interpreter ends would abort it

    # ---- what the world asks

    def submit(self, request: Request, client: str = "") -> Job:
        """Take on a job; ``client`` says whose it is, as takes of all clients get their turn.

        Raises :class:`UserError` for what cannot be made, what a library raises for sounds that are not there, and
        :class:`QueueFull`.
        """
        order = order_of(request, self.model, self.library)
        if "seed" in type(request).model_fields:  # so that a job that is run again makes the same takes
            request = request.model_copy(update={"seed": order.recipes[0].seed})
        with self._room(len(order.recipes)):
            record = self.library.save_job(request.kind, request.model_dump(mode="json"))
            with self._lock:
                return self._enter(Task(record, order, client))

    def again(self, identifier: str, client: str = "") -> Job:
        """Take on a job that has ended once more, as a new one."""
        record = self.library.job(identifier)
        if record.state in ("queued", "running"):
            raise LibraryConflict(f"the job {identifier} is {record.state}; wait for its end, or cancel it first")
        return self.submit(REQUESTS[record.kind].model_validate(record.request), client)

    def job(self, identifier: str) -> Job:
        """A job now. Raises :class:`LibraryMiss` for an unknown one."""
        with self._lock:
            if (task := self._tasks.get(identifier)) is not None:
                return self._seen(task)
        return self._ended_job(identifier)

    def cancel(self, identifier: str) -> Job:
        """End a job with the step that it is at; one that has ended already stays as it is."""
        with self._lock:
            if (task := self._tasks.get(identifier)) is not None:
                self._end(task, "cancelled")
                return self._seen(task)
        return self._ended_job(identifier)

    def listen(self, identifier: str, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with the job now and after each change, in threads of the workshop: it must be quick. What
        is returned ends that."""
        with self._lock:
            if (task := self._tasks.get(identifier)) is not None:
                listener(self._seen(task))
                if not task.ended:
                    task.listeners.append(listener)
                return partial(self._forget, task, listener)
        listener(self._ended_job(identifier))
        return lambda: None

    def _ended_job(self, identifier: str) -> Job:
        return self._past.get(identifier) or kept(self.library.job(identifier))

    def watch(self, identifier: str) -> Iterator[Job]:
        """The job now, and after each change until it has ended."""
        news: queue.SimpleQueue[Job] = queue.SimpleQueue()
        stop = self.listen(identifier, news.put)
        return self._news(news, stop)

    @property
    def load(self) -> Load:
        """What it does and has done."""
        with self._lock:
            return Load(
                len(self._schedule.waiting), len(self._schedule.running), len(self._tasks), self._takes, self._sound,
                dict(self._ended),
            )  # fmt: skip

    def close(self) -> None:
        """End all jobs with the step that they are at, and all threads; a second time does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for task in list(self._tasks.values()):
                self._end(task, "interrupted", "the server was stopped before the job was done; it can be run again")
            self._schedule.close()
        atexit.unregister(self.close)
        self._workers.join()
        self._clerk.close()

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(self, *about: object) -> None:
        self.close()

    # ---- jobs in

    @contextmanager
    def _room(self, takes: int) -> Iterator[None]:
        """Room for so many takes, which is kept until the caller has put them there."""
        with self._lock:
            self._check_room(takes)
            self._coming += takes
        try:
            yield
        finally:
            with self._lock:
                self._coming -= takes

    def _check_room(self, takes: int) -> None:
        if self._closed:
            raise LibraryConflict("the server is being stopped; ask again when it is back")
        waiting = len(self._schedule.waiting) + self._coming
        if waiting and waiting + takes > self.limits.queue:
            left = self._pace.left(sum(work(ticket.recipe) for ticket in self._schedule.waiting))
            raise QueueFull(waiting, self.limits.queue, min(max(1.0, left or 1.0), LONGEST_WAIT))

    def _enter(self, task: Task) -> Job:
        self._tasks[task.id] = task
        if self._closed:
            self._end(task, "interrupted", "the server was stopped before the job began; it can be run again")
        else:
            self._schedule.add(Ticket(task, recipe, next(self._numbers)) for recipe in task.order.recipes)
        return self._seen(task)

    # ---- what the workers call

    def _pull(self, wait: bool) -> Ticket | None:
        with self._lock:
            ticket = self._schedule.next(wait)
            if ticket is not None and ticket.task.state == "queued":
                task = ticket.task
                task.state, task.due = "running", time.monotonic() + self.limits.seconds
                self._clerk.give(partial(self._note, task, "running", None))
                self._tell(task)
            return ticket

    def _tick(self, ticket: Ticket) -> None:
        task = ticket.task
        with self._lock:
            if not task.ended and task.due is not None and time.monotonic() > task.due:
                self._end(
                    task, "failed", f"the job took longer than {self.limits.seconds:g} s; ask for fewer takes or steps"
                )
            if task.ended:
                raise Dropped
            self._pace.tick(busy=bool(self._schedule.running))
            task.done += 1
            self._tell(task)

    def _deliver(self, ticket: Ticket, result: Result) -> None:
        with self._lock:
            self._schedule.finish(ticket)
            if ticket.task.ended:
                return
            if isinstance(result, Exception):
                self._end(ticket.task, "failed", _said(result))
            else:
                self._clerk.give(partial(self._keep, ticket, result))

    # ---- what the clerk does

    def _keep(self, ticket: Ticket, samples: np.ndarray) -> None:
        """Put a take into the library."""
        task, order = ticket.task, ticket.task.order
        if task.ended:
            return
        clip = Clip(samples, self.model.sample_rate, ticket.recipe)
        try:
            entry = self.library.add(
                clip, kind=order.kind, parents=order.parents, embedding=self.embed(clip), job=task.id
            )
        except Exception as error:  # a full disk, say: the job says so, and the server goes on
            with self._lock:
                self._end(task, "failed", _said(error))
            if not isinstance(error, UserError):
                raise
            return
        with self._lock:
            task.entries.append(entry.id)
            task.left -= 1
            self._takes += 1
            self._sound += clip.duration
            if task.left:
                self._tell(task)
            else:
                self._end(task, "done")

    def _note(self, task: Task, state: State, error: str | None) -> None:
        """Put into the library how a job is, and forget it when it has ended."""
        if state == "running" and task.ended:
            return
        self.library.update_job(task.id, state, error)
        if state != "running":
            with self._lock:
                self._past[task.id] = self._seen(task)
                self._tasks.pop(task.id, None)
                while len(self._past) > REMEMBERED:
                    self._past.popitem(last=False)

    # ---- with the lock held

    def _end(self, task: Task, state: State, error: str | None = None) -> None:
        if task.ended:
            return
        task.state, task.error = state, error
        self._ended[state] += 1
        self._schedule.drop(task)
        self._clerk.give(partial(self._note, task, state, error))
        self._tell(task)
        task.listeners.clear()

    def _seen(self, task: Task) -> Job:
        before = [other for other in self._tasks.values() if not other.ended]
        before = before[: before.index(task)] if task in before else []
        units = sum(other.total - other.done for other in [*before, task])
        return task.job(len(before), self._pace.left(units))

    def _tell(self, task: Task) -> None:
        if task.listeners:
            job = self._seen(task)
            for listener in list(task.listeners):
                listener(job)

    def _forget(self, task: Task, listener: Listener) -> None:
        with self._lock:
            if listener in task.listeners:
                task.listeners.remove(listener)

    @staticmethod
    def _news(news: "queue.SimpleQueue[Job]", stop: Callable[[], None]) -> Iterator[Job]:
        try:
            while True:
                job = news.get()
                yield job
                if job.final:
                    return
        finally:
            stop()


def _said(error: Exception) -> str:
    """Why a job failed, in words."""
    return str(error) if isinstance(error, UserError) else f"a take failed ({type(error).__name__}: {error})"
