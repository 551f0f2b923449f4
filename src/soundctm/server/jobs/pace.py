"""How long things are going to take, judged by how long they took."""

import time
from collections.abc import Callable

MEMORY = 0.9  # of what was measured before, at every new measurement


class Pace:
    """How long a unit of work on one second of sound takes, everybody's work together. Only the time between
    :meth:`begin` and :meth:`rest` counts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._last: float | None = None
        self._time = self._amount = 0.0  # of late; apart, as several are at work and units end in any order

    def begin(self) -> None:
        """Somebody is at work from now on; nothing happens when somebody was."""
        if self._last is None:
            self._last = self.clock()

    @property
    def seconds(self) -> float | None:
        """Seconds for a unit of work on one second of sound; None before there is anything to go by."""
        return self._time / self._amount if self._amount else None

    def tick(self, sound: float) -> None:
        """A unit is done, of work on so many seconds of sound."""
        now = self.clock()
        if self._last is not None:
            self._time = MEMORY * self._time + now - self._last
            self._amount = MEMORY * self._amount + sound
        self._last = now

    def rest(self) -> None:
        """Nobody is at work until the next begin."""
        self._last = None

    def left(self, amount: float) -> float | None:
        """Seconds until so much is done: units of work, times the seconds of sound that each is about."""
        return None if self.seconds is None else self.seconds * amount
