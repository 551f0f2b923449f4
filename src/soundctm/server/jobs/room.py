"""Whether there is room for more jobs."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from soundctm.checks import within
from soundctm.server.jobs.job import Ticket
from soundctm.server.jobs.limits import LONGEST_WAIT, Limits, QueueFull
from soundctm.server.jobs.pace import Pace
from soundctm.server.jobs.schedule import Schedule
from soundctm.server.library import LibraryConflict


class Room:
    """Lets jobs in as long as no more takes wait than ``limits`` say, of all clients and of each, and none once it is
    closed."""

    def __init__(self, lock: threading.Condition, schedule: Schedule, pace: Pace, limits: Limits) -> None:
        self.lock, self.schedule, self.pace, self.limits = lock, schedule, pace, limits
        self.closed = False
        self._coming: Counter[str] = Counter()  # takes by client

    @contextmanager
    def kept(self, takes: int, client: str) -> Iterator[None]:
        """Room for so many takes, which is kept until the caller has put them there. Raises :class:`QueueFull` while
        there is none, :class:`UserError` for more than there ever is."""
        hint = f"a client has half of the {self.limits.queue:,} places where takes wait; ask for fewer at a time"
        within("takes", takes, 1, self.limits.share, hint)
        with self.lock:
            self._check(takes, client)
            self._coming[client] += takes
        try:
            yield
        finally:
            with self.lock:
                self._coming[client] -= takes
                self._coming += Counter()  # forget those that have none: clients have no end
                self.lock.notify_all()

    def _check(self, takes: int, client: str) -> None:
        if self.closed:
            raise LibraryConflict("the server is being stopped; ask again when it is back")
        waiting = self.schedule.waiting
        own = [ticket for ticket in waiting if ticket.task.client == client]
        self._refuse("of yours", own, self._coming[client], takes, self.limits.share)
        self._refuse("of all clients", waiting, self._coming.total(), takes, self.limits.queue)

    def _refuse(self, whose: str, tickets: Sequence[Ticket], coming: int, takes: int, most: int) -> None:
        waiting = len(tickets) + coming
        if waiting + takes > most:
            left = self.pace.left(sum(ticket.amount for ticket in tickets))
            raise QueueFull(whose, waiting, most, min(max(1.0, left or 1.0), LONGEST_WAIT))

    def wait_until_nobody_comes(self) -> None:
        """Wait for those that were let in before it was closed."""
        with self.lock:
            self.lock.wait_for(lambda: not self._coming)
