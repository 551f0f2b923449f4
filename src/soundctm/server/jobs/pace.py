"""How long things are going to take, judged by how long they took."""

import time
from collections.abc import Callable

MEMORY = 0.9  # of the last estimate, at every new measurement


class Pace:
    """Seconds for one unit of work, everybody's work together; None before there is anything to go by. Only the time
    between :meth:`begin` and :meth:`rest` counts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.seconds: float | None = None
        self._last: float | None = None

    def begin(self) -> None:
        """Somebody is at work from now on; nothing happens when somebody was."""
        if self._last is None:
            self._last = self.clock()

    def tick(self) -> None:
        """A unit is done."""
        now = self.clock()
        if self._last is not None:
            taken = now - self._last
            self.seconds = taken if self.seconds is None else MEMORY * self.seconds + (1 - MEMORY) * taken
        self._last = now

    def rest(self) -> None:
        """Nobody is at work until the next begin."""
        self._last = None

    def left(self, units: int) -> float | None:
        """Seconds until so many units are done."""
        return None if self.seconds is None else self.seconds * units
