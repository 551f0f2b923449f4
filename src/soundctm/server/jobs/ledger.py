"""How jobs ended: what the library is told of it, and what it could not be told yet."""

import logging
from collections import OrderedDict
from collections.abc import Callable

from soundctm.server.jobs.job import Job, Task, kept
from soundctm.server.library import JobRecord, Library, LibraryConflict, LibraryFault
from soundctm.server.library.jobs import UNFINISHED

REMEMBERED = 256  # jobs that have ended

log = logging.getLogger(__name__)


class Ledger:
    """Writes the states of jobs into a library. An end that the library cannot take, as while its disk is full, is kept
    and written with the next one. Its methods that write are for one thread."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._past: OrderedDict[str, Job] = OrderedDict()
        self._owed: dict[str, Task] = {}

    def owe(self, task: Task) -> None:
        """Keep in mind that a task has ended."""
        self._owed[task.id] = task

    def settle(self, told: Callable[[Task], None]) -> None:
        """Write down all ends that are not; ``told`` is called for each that the library knows now."""
        for task in list(self._owed.values()):
            try:
                self.library.update_job(task.id, task.state, task.error)
            except LibraryConflict as error:  # somebody else has ended it there
                log.error("%s", error)
            except LibraryFault as error:
                log.error("the end of job %s could not be written and is kept for later: %s", task.id, error)
                return
            del self._owed[task.id]
            told(task)

    def remember(self, job: Job) -> None:
        """Keep how a job ended, of the last few: a record does not say how many steps it took."""
        self._past[job.id] = job
        while len(self._past) > REMEMBERED:
            self._past.popitem(last=False)

    def recall(self, record: JobRecord) -> Job:
        """A job that has ended."""
        return self._past.get(record.id) or kept(record)

    def find(self, identifier: str) -> Job:
        """A job that is not on its way here: it has ended, or another program makes it. Where that program has ended
        first, the job is interrupted. Raises :class:`LibraryMiss` for an unknown one."""
        if (past := self._past.get(identifier)) is not None:
            return past
        record = self.library.job(identifier)
        if record.state in UNFINISHED:
            self.library.interrupt_jobs()
            record = self.library.job(identifier)
        return kept(record)
