"""Which take is made next."""

import threading
from collections import Counter
from collections.abc import Iterable

from soundctm.crew import SECONDS
from soundctm.performance import work
from soundctm.server.jobs.job import Task, Ticket


class Schedule:
    """Takes that wait and takes that are made. Its methods are called with ``lock`` held.

    The next take is one of the client with the fewest on their way; of those the one with the least work, so that
    an audition overtakes refinements of its own client; of those the oldest. Takes that are made at once last no longer
    than ``seconds`` together, as memory grows with them, or there is only one.
    """

    def __init__(self, lock: threading.Condition, seconds: float = SECONDS) -> None:
        self.lock, self.seconds = lock, seconds
        self.waiting: list[Ticket] = []
        self.running: set[Ticket] = set()
        self.closed = False
        self._idle = 0

    def add(self, tickets: Iterable[Ticket]) -> None:
        """Queue takes."""
        self.waiting.extend(tickets)
        self.lock.notify_all()

    def next(self, wait: bool) -> Ticket | None:
        """The next take, which counts as being made from now on. None when the schedule is closed; and where the caller
        has other work than to ``wait``, when there is none or somebody idle can take it."""
        if not wait:
            return self._take() if len(self.waiting) > self._idle else None
        self._idle += 1
        try:
            while not self.closed:
                if (ticket := self._take()) is not None:
                    return ticket
                self.lock.wait()
            return None
        finally:
            self._idle -= 1

    def _take(self) -> Ticket | None:
        if self.closed or not self.waiting:
            return None
        busy = Counter(ticket.task.client for ticket in self.running)
        chosen = min(self.waiting, key=lambda ticket: (busy[ticket.task.client], work(ticket.recipe), ticket.number))
        if self.running and chosen.recipe.seconds + sum(t.recipe.seconds for t in self.running) > self.seconds:
            return None
        self.waiting.remove(chosen)
        self.running.add(chosen)
        return chosen

    def finish(self, ticket: Ticket) -> None:
        """A take is no longer being made."""
        self.running.discard(ticket)
        self.lock.notify_all()

    def drop(self, task: Task) -> None:
        """Forget the takes of a task that wait."""
        self.waiting = [ticket for ticket in self.waiting if ticket.task is not task]

    def close(self) -> None:
        """Hand out no more."""
        self.closed = True
        self.waiting.clear()
        self.lock.notify_all()
