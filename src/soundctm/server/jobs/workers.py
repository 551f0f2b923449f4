"""The threads that make takes, for as long as a server runs."""

import logging
import threading
from collections.abc import Callable
from functools import partial

import numpy as np

from soundctm.lanes import Lanes
from soundctm.model import SoundCTM
from soundctm.performance import Performance
from soundctm.server.jobs.job import Ticket

MANY = 64  # takes: a server is made for more than one
Result = np.ndarray | Exception

log = logging.getLogger(__name__)


class Workers:
    """A crew that does not go home: the same threads, batches and cores as for takes that are made without a server, so
    a recipe gives the same samples here.

    ``pull(wait)`` gives the next take or None; ``tick(ticket)`` is called after every unit of its work and may raise
    :class:`soundctm.lanes.Dropped`; ``deliver(ticket, result)`` gets what came of it. All three are called in the
    threads.
    """

    def __init__(
        self,
        model: SoundCTM,
        pull: Callable[[bool], Ticket | None],
        tick: Callable[[Ticket], None],
        deliver: Callable[[Ticket, Result], None],
    ) -> None:
        self.model, self.pull, self.tick, self.deliver = model, pull, tick, deliver
        self.crew = model.computation.crew(MANY)
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
        held: dict[int, Ticket] = {}
        while True:
            lanes = Lanes(self.crew.width, self.crew.cores, self.model.computation.batcher)
            try:
                for number, result in lanes.run(partial(self._pull, held)):
                    self.deliver(held.pop(number), result)
                return
            except Exception as error:  # one batch fails, its takes say why, and the server goes on
                log.exception("a batch of %d takes failed", len(held))
                while held:
                    self.deliver(held.popitem()[1], error)

    def _pull(self, held: dict[int, Ticket], wait: bool) -> tuple[int, Callable[[], Performance]] | None:
        ticket = self.pull(wait)
        if ticket is None:
            return None
        held[ticket.number] = ticket
        tick = partial(self.tick, ticket)
        return ticket.number, partial(self.model.performance, ticket.recipe, ticket.task.order.sources, tick)
