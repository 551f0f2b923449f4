"""Whether there is room for more jobs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from soundctm.server.jobs.limits import LONGEST_WAIT, QueueFull
from soundctm.server.jobs.pace import Pace
from soundctm.server.jobs.schedule import Schedule
from soundctm.server.library import LibraryConflict


class Room:
    """Lets jobs in as long as no more than ``most`` takes wait, and none once it is closed."""

    def __init__(self, lock: threading.Condition, schedule: Schedule, pace: Pace, most: int) -> None:
        self.lock, self.schedule, self.pace, self.most = lock, schedule, pace, most
        self.closed = False
        self._coming = 0

    @contextmanager
    def kept(self, takes: int) -> Iterator[None]:
        """Room for so many takes, which is kept until the caller has put them there."""
        with self.lock:
            self._check(takes)
            self._coming += takes
        try:
            yield
        finally:
            with self.lock:
                self._coming -= takes
                self.lock.notify_all()

    def _check(self, takes: int) -> None:
        if self.closed:
            raise LibraryConflict("the server is being stopped; ask again when it is back")
        waiting = len(self.schedule.waiting) + self._coming
        if waiting and waiting + takes > self.most:
            left = self.pace.left(sum(ticket.work for ticket in self.schedule.waiting))
            raise QueueFull(waiting, self.most, min(max(1.0, left or 1.0), LONGEST_WAIT))

    def wait_until_nobody_comes(self) -> None:
        """Wait for those that were let in before it was closed."""
        with self.lock:
            self.lock.wait_for(lambda: not self._coming)
