"""The workshop: jobs go in, sounds go into the library, and everybody can see how far each job is."""

import atexit
import logging
import threading
from collections.abc import Callable
from functools import partial

from soundctm.audio import Clip
from soundctm.errors import UserError
from soundctm.forbidden import Filter
from soundctm.lanes import Dropped
from soundctm.model import SoundCTM
from soundctm.server.jobs.clerk import Clerk, Embed, describe, no_embedding
from soundctm.server.jobs.forecast import foreseen
from soundctm.server.jobs.job import Job, Listener, Task, Ticket, said
from soundctm.server.jobs.ledger import Ledger
from soundctm.server.jobs.limits import Limits, Load
from soundctm.server.jobs.orders import order_of
from soundctm.server.jobs.pace import Pace
from soundctm.server.jobs.requests import Request, recalled
from soundctm.server.jobs.room import Room
from soundctm.server.jobs.schedule import Schedule
from soundctm.server.jobs.workers import Result, Workers
from soundctm.server.library import JobRecord, Library, LibraryConflict, State

log = logging.getLogger(__name__)


class Workshop:
    """Makes what is asked for, and keeps it in a library. Its methods may be called from any thread.

    Takes of all jobs share threads and batches, and on a CPU each is to the last bit what its recipe gives alone.
    ``embed`` says how a clip sounds, for the library to compare; jobs of ``forbidden`` words are refused. :meth:`close`
    it in the end; jobs that have not ended by then are "interrupted".
    """

    def __init__(
        self, model: SoundCTM, library: Library, limits: Limits = Limits(), embed: Embed = no_embedding,
        forbidden: Filter = Filter(),
    ) -> None:  # fmt: skip
        self.model, self.library, self.limits, self.embed, self.forbidden = model, library, limits, embed, forbidden
        self._lock = threading.Condition(threading.RLock())
        self._schedule = Schedule(self._lock)
        self._pace = Pace()
        self._room = Room(self._lock, self._schedule, self._pace, limits)
        self._tasks: dict[str, Task] = {}  # in the order in which they came
        self._ledger = Ledger(library)
        self._numbers = iter(range(2**63))
        self._ended: dict[State, int] = {"done": 0, "failed": 0, "cancelled": 0, "interrupted": 0}
        self._takes, self._sound = 0, 0.0
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
        order = order_of(request, self.model, self.library, self.forbidden)
        if order.seed is not None:  # so that a job that is run again makes the same takes
            request = request.model_copy(update={"seed": order.seed})
        with self._room.kept(len(order.recipes), client):
            record = self.library.save_job(request.kind, request.model_dump(mode="json"))
            with self._lock:
                return self._enter(Task(record, order, client))

    def again(self, identifier: str, client: str = "") -> Job:
        """Take on a job that has ended once more, as a new one."""
        job = self.job(identifier)  # the library may not have heard of its end yet
        if not job.final:
            raise LibraryConflict(f"the job {identifier} is {job.state}; wait for its end, or cancel it first")
        return self.submit(recalled(job.kind, job.request), client)

    def job(self, identifier: str) -> Job:
        """A job now. Raises :class:`LibraryMiss` for an unknown one."""
        with self._lock:
            if (task := self._tasks.get(identifier)) is not None:
                return self._seen(task)
        return self._ledger.find(identifier)

    def job_of(self, record: JobRecord) -> Job:
        """The job of a record that the library gave: what is known here is newer."""
        with self._lock:
            if (task := self._tasks.get(record.id)) is not None:
                return self._seen(task)
        return self._ledger.recall(record)

    def cancel(self, identifier: str) -> Job:
        """End a job with the step that it is at; one that has ended already stays as it is. Raises
        :class:`LibraryConflict` for one that another program makes."""
        with self._lock:
            if (task := self._tasks.get(identifier)) is not None:
                self._end(task, "cancelled")
                return self._seen(task)
        job = self._ledger.find(identifier)
        if not job.final:
            raise LibraryConflict(f"the job {identifier} runs in another program on this library; cancel it there")
        return job

    def makes(self, identifier: str) -> bool:
        """Whether a job is on its way here; of others :meth:`listen` tells once, and no changes."""
        with self._lock:
            return identifier in self._tasks

    def listen(self, identifier: str, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with the job now and after each change, in threads of the workshop: it must be quick. What
        is returned ends that."""
        with self._lock:
            if (task := self._tasks.get(identifier)) is not None:
                if not task.ended:
                    task.listeners.append(listener)
                listener(self._seen(task))
                return partial(self._forget, task, listener)
        listener(self._ledger.find(identifier))
        return lambda: None

    @property
    def load(self) -> Load:
        """What it does and has done."""
        with self._lock:
            open_jobs = sum(not task.ended for task in self._tasks.values())
            waiting, running = len(self._schedule.waiting), len(self._schedule.running)
            return Load(waiting, running, open_jobs, self._takes, self._sound, dict(self._ended))

    def close(self) -> None:
        """End all jobs with the step that they are at, and all threads; a second time does nothing."""
        with self._lock:
            if self._room.closed:
                return
            self._room.closed = True
            for task in list(self._tasks.values()):
                self._end(task, "interrupted", "the server was stopped before the job was done; it can be run again")
            self._schedule.close()
        atexit.unregister(self.close)
        self._workers.join()
        self._room.wait_until_nobody_comes()  # their jobs are interrupted too
        self._clerk.give(partial(self._ledger.settle, self._put_away))
        self._clerk.close()

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(self, *about: object) -> None:
        self.close()

    # ---- jobs in

    def _enter(self, task: Task) -> Job:
        self._tasks[task.id] = task
        if self._room.closed:
            self._end(task, "interrupted", "the server was stopped before the job began; it can be run again")
        else:
            self._schedule.add(Ticket(task, recipe, next(self._numbers)) for recipe in task.order.recipes)
        return self._seen(task)

    # ---- what the workers call

    def _pull(self, wait: bool) -> Ticket | None:
        with self._lock:
            ticket = self._schedule.next(wait)
            if ticket is not None:
                self._pace.begin()
                ticket.task.watch.start()
                self._begin(ticket.task)
            return ticket

    def _tick(self, ticket: Ticket, new: bool) -> None:
        task = ticket.task
        with self._lock:
            if not task.ended and task.watch.seconds > self.limits.seconds:
                took = f"the takes of this job took longer than {self.limits.seconds:g} s to make"
                self._end(task, "failed", f"{took}; ask for fewer takes or steps")
            if task.ended:
                raise Dropped
            self._pace.tick(ticket.recipe.seconds)
            task.done += new
            self._tell(task)

    def _deliver(self, ticket: Ticket, result: Result) -> None:
        with self._lock:
            if not ticket.task.ended and not isinstance(result, Exception):
                self._clerk.give(partial(self._keep, ticket, result))
                return
            self._finish(ticket)
            if isinstance(result, Exception):
                self._end(ticket.task, "failed", said(result))

    # ---- what the clerk does

    def _keep(self, ticket: Ticket, clip: Clip) -> None:
        """Put a take into the library. Until it is there it counts as one that is being made: it takes memory."""
        task, order = ticket.task, ticket.task.order
        add = partial(self.library.add, clip, kind=order.kind, parents=order.parents, job=task.id)
        try:
            # How alike a sound and its parent are is told with it; all else can wait until the sound is there.
            entry = None if task.ended else add(embedding=self.embed(clip) if order.parents else None)
        except Exception as error:  # a full disk, say: the job says so, and the server goes on
            with self._lock:
                self._finish(ticket)
                self._end(task, "failed", said(error))
            if not isinstance(error, UserError):
                raise
            return
        with self._lock:
            self._finish(ticket)
            if entry is None:
                return
            task.entries.append(entry.id)
            task.left -= 1
            self._takes += 1
            self._sound += clip.duration
            if not order.parents:
                self._clerk.give(partial(describe, self.library, entry.id, self.embed, clip))
            if task.left:
                self._tell(task)
            else:
                self._end(task, "done")

    def _note_begin(self, task: Task) -> None:
        if not task.ended:
            self.library.update_job(task.id, "running")

    def _note_end(self, task: Task) -> None:
        self._ledger.owe(task)
        self._ledger.settle(self._put_away)

    def _put_away(self, task: Task) -> None:
        """Forget a task whose end the library knows."""
        with self._lock:
            self._ledger.remember(self._seen(task))
            self._tasks.pop(task.id, None)

    # ---- with the lock held

    def _finish(self, ticket: Ticket) -> None:
        self._schedule.finish(ticket)
        ticket.task.watch.stop()
        if not self._schedule.running:
            self._pace.rest()

    def _begin(self, task: Task) -> None:
        if task.state != "queued":
            return
        task.state = "running"
        self._clerk.give(partial(self._note_begin, task))
        self._tell(task)
        self._tell_waiting()

    def _end(self, task: Task, state: State, error: str | None = None) -> None:
        if task.ended:
            return
        task.state, task.error = state, error
        self._ended[state] += 1
        self._schedule.drop(task)
        self._clerk.give(partial(self._note_end, task))
        self._tell(task)
        task.listeners.clear()
        self._tell_waiting()

    def _tell_waiting(self) -> None:
        """Their places may be others now."""
        for task in list(self._tasks.values()):
            if task.state == "queued":
                self._tell(task)

    def _seen(self, task: Task) -> Job:
        return foreseen(task, self._tasks.values(), self._pace)

    def _tell(self, task: Task) -> None:
        if not task.listeners:
            return
        job = self._seen(task)
        for listener in list(task.listeners):
            if listener not in task.listeners:  # one before it has stopped it, or has ended the job
                continue
            try:
                listener(job)
            except Exception:  # its own fault: neither the job nor who else listens has to suffer
                log.exception("who listens to job %s failed, and is not told any more", task.id)
                self._forget(task, listener)

    def _forget(self, task: Task, listener: Listener) -> None:
        with self._lock:
            if listener in task.listeners:
                task.listeners.remove(listener)
