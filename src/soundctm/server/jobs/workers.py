"""The threads that make takes, for as long as a server runs."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from soundctm.audio import Clip
from soundctm.lanes import Lanes
from soundctm.model import SoundCTM
from soundctm.performance import Performance
from soundctm.server.jobs.job import Ticket

MANY = 64  # takes: a server is made for more than one
Result = Clip | Exception

log = logging.getLogger(__name__)


class Workers:
    """A crew that does not go home: the same threads, batches and cores as for takes that are made without a server, so
    a recipe gives the same samples here.

    ``pull(wait)`` gives the next take or None; ``tick(ticket, new)`` is called after every unit of its work, ``new`` or
    done once more, and may raise :class:`soundctm.lanes.Dropped`; ``deliver(ticket, result)`` gets what came of it. All
    three are called in the threads.
    """

    def __init__(
        self,
        model: SoundCTM,
        pull: Callable[[bool], Ticket | None],
        tick: Callable[[Ticket, bool], None],
        deliver: Callable[[Ticket, Result], None],
    ) -> None:
        self.model, self.pull, self.tick, self.deliver = model, pull, tick, deliver
        crew = model.computation.crew(MANY)
        # One core is left to what brings the takes to their listeners: the first of them is heard sooner.
        self.crew = replace(crew, workers=crew.workers - 1) if crew.workers > 2 else crew
        self._threads = [
            threading.Thread(target=self._work, name=f"workshop-{i}", daemon=True)
            for i in range(max(1, self.crew.workers))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until all have ended, which they do once ``pull`` gives None to one that waits."""
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (failed := self._together()) is not None:
            for turn in failed:
                self._alone(turn)

    def _together(self) -> "list[_Turn] | None":
        """Make takes until there are none any more; those of a batch that failed, for which one of them may be at
        fault, or all together with their need of memory."""
        held: dict[int, _Turn] = {}
        try:
            for number, result in self._lanes(self.crew.width).run(partial(self._pull, held)):
                self.deliver(held.pop(number).ticket, result)
        except Exception as error:
            log.exception("a batch of %d takes failed", len(held))
            if len(held) == 1:  # it says why, and the server goes on
                self.deliver(held.popitem()[1].ticket, error)
            return list(held.values())
        return None

    def _alone(self, turn: "_Turn") -> None:
        """A take from its beginning, by itself."""
        again = _Turn(turn.ticket, self.tick, counted=turn.done)
        given = iter([(turn.ticket.number, self._maker(again))])
        try:
            for _, result in self._lanes(1).run(lambda wait: next(given, None)):
                self.deliver(turn.ticket, result)
        except Exception as error:
            log.exception("a take failed by itself too")
            self.deliver(turn.ticket, error)

    def _lanes(self, width: int) -> Lanes:
        return Lanes(width, self.crew.cores, self.model.computation.batcher)

    def _pull(self, held: "dict[int, _Turn]", wait: bool) -> tuple[int, Callable[[], Performance]] | None:
        """The next take. A thread that is at one in windows takes no other: it would wait for the end of that."""
        longest = self.model.config.max_seconds
        if not wait and any(turn.ticket.recipe.seconds > longest for turn in held.values()):
            return None
        ticket = self.pull(wait)
        if ticket is None:
            return None
        held[ticket.number] = turn = _Turn(ticket, self.tick)
        return ticket.number, self._maker(turn)

    def _maker(self, turn: "_Turn") -> Callable[[], Performance]:
        ticket = turn.ticket
        return partial(self.model.performance, ticket.recipe, ticket.task.order.sources, turn.tick)


class _Turn:
    """A take that is being made, and how many units of its work are done; ``counted`` were done before."""

    def __init__(self, ticket: Ticket, tick: Callable[[Ticket, bool], None], counted: int = 0) -> None:
        self.ticket, self._tick, self.counted = ticket, tick, counted
        self.done = 0

    def tick(self) -> None:
        """One more."""
        self.done += 1
        self._tick(self.ticket, self.done > self.counted)
