"""How long things are going to take, judged by how long they took."""

import time
from collections.abc import Callable

MEMORY = 0.9  # of the last estimate, at every new measurement
PAUSE = 5.0  # seconds without news after which nobody was at work


class Pace:
    """Seconds for one unit of work, everybody's work together; None before there is anything to go by."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.seconds: float | None = None
        self._last: float | None = None

    def tick(self, busy: bool) -> None:
        """A unit is done; ``busy`` when more are on their way, so that the time to the next one counts."""
        now = self.clock()
        if self._last is not None and now - self._last < PAUSE:
            taken = now - self._last
            self.seconds = taken if self.seconds is None else MEMORY * self.seconds + (1 - MEMORY) * taken
        self._last = now if busy else None

    def left(self, units: int) -> float | None:
        """Seconds until so many units are done."""
        return None if self.seconds is None else self.seconds * units
