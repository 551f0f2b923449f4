"""Which take is made next."""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count

from soundctm.audio.recipe import COUNTING
from soundctm.crew import SECONDS
from soundctm.server.jobs.job import Task, Ticket

SHORT = 10.0  # seconds of sound, made in a tenth of a second or so
PATIENCE = 7  # takes of its own client that may overtake one that waits
QUIET = 0.03  # seconds in which a page fetches the sound it waits for while the cores are idle


class Schedule:
    """Takes that wait and takes that are made. Its methods are called with ``lock`` held.

    The next take is one of the client with the fewest on their way, of several such clients the one that has waited
    longest for its turn. Of its takes it is the one with the least work, so that an audition overtakes refinements of
    its own client; but each of ``PATIENCE`` + 1 turns is for the oldest, so that none waits for ever.

    Memory grows with the sound that is made at once, so takes of at most ``seconds`` are. A long take, of more than
    half of that (``share``), counts as half, and only one is made at a time: short ones are made beside it, and pass
    those that wait for its end. While a long one waits, short ones keep to their half, so that its turn comes.

    The first take of a job that needs a single unit of work is made alone where nothing else is made or waits but the
    rest of its job, until it is kept and for ``quiet`` seconds more, in which it is fetched: what is auditioned is
    heard soonest when it shares cores and memory with no other. Where others wait too, all are heard sooner side by
    side.
    """

    def __init__(self, lock: threading.Condition, seconds: float = SECONDS, quiet: float = QUIET) -> None:
        self.lock, self.seconds, self.share, self.quiet = lock, seconds, seconds / 2, quiet
        self.waiting: list[Ticket] = []
        self.running: set[Ticket] = set()
        self.closed = False
        self._alone: Ticket | None = None
        self._idle = 0
        self._clock = count()
        self._since: dict[str, int] = {}  # when a client had its last turn, or came
        self._overtaken: Counter[str] = Counter()  # turns of a client since its oldest take was passed over

    def add(self, tickets: Iterable[Ticket]) -> None:
        """Queue takes."""
        for ticket in tickets:
            self.waiting.append(ticket)
            self._since.setdefault(ticket.task.client, next(self._clock))
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
        able = self._able()
        if self.closed or not able or self._auditioned():
            return None
        own = self._next_in_turn(able)
        client, oldest = own[0].task.client, own[0]
        late = self._overtaken[client] >= PATIENCE
        chosen = oldest if late else min(own, key=lambda ticket: (ticket.work, ticket.number))
        if not self._long(chosen) and self._short_seconds() + chosen.recipe.seconds > self._room_for_short():
            return None
        alone = not self.running and _quick(chosen)
        self.waiting.remove(chosen)
        self._alone = chosen if alone else None
        self.running.add(chosen)
        self._since[client] = next(self._clock)
        self._overtaken[client] = 0 if chosen is oldest else self._overtaken[client] + 1
        return chosen

    def _long(self, ticket: Ticket) -> bool:
        return ticket.recipe.seconds > self.share

    def _able(self) -> list[Ticket]:
        """The takes that wait, without the long ones as long as none can be begun."""
        if not any(map(self._long, self.running)) and self._short_seconds() <= self.share:
            return self.waiting
        return [ticket for ticket in self.waiting if not self._long(ticket)]

    def _short_seconds(self) -> float:
        """Seconds of the short takes that are being made."""
        return sum(ticket.recipe.seconds for ticket in self.running if not self._long(ticket))

    def _room_for_short(self) -> float:
        """Seconds that short takes may last together."""
        return self.share if any(map(self._long, (*self.waiting, *self.running))) else self.seconds

    def _auditioned(self) -> bool:
        """Whether a take is made alone, or was a moment ago, and nobody waits but the rest of its job."""
        return self._alone is not None and all(ticket.task is self._alone.task for ticket in self.waiting)

    def _next_in_turn(self, able: Sequence[Ticket]) -> list[Ticket]:
        """The takes of the client whose turn it is, oldest first."""
        busy = Counter(ticket.task.client for ticket in self.running)
        clients = {ticket.task.client for ticket in able}
        client = min(clients, key=lambda each: (busy[each], self._since[each]))
        return [ticket for ticket in able if ticket.task.client == client]

    def finish(self, ticket: Ticket) -> None:
        """A take is no longer being made."""
        self.running.discard(ticket)
        if self._alone is ticket:
            self._let_rest_wait(ticket)
        self._forget_clients()
        self.lock.notify_all()

    def _let_rest_wait(self, ticket: Ticket) -> None:
        """Until the take is fetched, as far as its job has more."""
        if all(other.task is not ticket.task for other in self.waiting):
            self._alone = None
            return
        after = threading.Timer(self.quiet, self._let_go, [ticket])
        after.daemon = True
        after.start()

    def _let_go(self, ticket: Ticket) -> None:
        """The rest of a job may be made, too."""
        with self.lock:
            if self._alone is ticket:
                self._alone = None
                self.lock.notify_all()

    def drop(self, task: Task) -> None:
        """Forget the takes of a task that wait."""
        self.waiting = [ticket for ticket in self.waiting if ticket.task is not task]
        self._forget_clients()
        self.lock.notify_all()  # others may fit where one of these did not

    def _forget_clients(self) -> None:
        """Those that have nothing here: clients have no end."""
        known = {ticket.task.client for ticket in (*self.waiting, *self.running)}
        for client in self._since.keys() - known:
            del self._since[client]
            del self._overtaken[client]

    def close(self) -> None:
        """Hand out no more."""
        self.closed = True
        self.waiting.clear()
        self.lock.notify_all()


def _quick(ticket: Ticket) -> bool:
    """Whether a take is the first that is heard of its job, and keeps nobody waiting for long."""
    recipe = ticket.recipe
    most = 1 if recipe.targets else 1 + COUNTING  # of the noises in which a number of events is looked for
    few = recipe.steps == 1 and ticket.work <= most
    return recipe is ticket.task.order.recipes[0] and few and recipe.seconds <= SHORT
