"""How far a run is: what is done, and how much there will be in the end."""

from collections.abc import Iterable

from soundctm.audio import Recipe
from soundctm.performance import StepCallback, work

MOST = 0.9  # share of takes that is foreseen to fail, at most


class Tally:
    """Units of progress over all rounds of a run. How many takes come again nobody knows beforehand; it is foreseen
    from the share of those so far that do."""

    def __init__(self, callback: StepCallback | None) -> None:
        self.callback = callback
        self.done = self.judged = self.again = 0

    def round(self, recipes: Iterable[Recipe], later: int) -> StepCallback | None:
        """The callback of a round of these takes; ``later`` are units of takes that wait for its end."""
        before, now = self.done, sum(map(work, recipes))
        self.done += now
        callback = self.callback
        if callback is None:
            return None
        return lambda done, _: callback(before + done, before + self._foreseen(now + later))

    def _foreseen(self, units: int) -> int:
        """Units with those of the retries that come of them, and of the retries of these."""
        share = self.again / self.judged if self.judged else 0.0
        return round(units / (1 - min(share, MOST)))

    def note(self, again: bool) -> None:
        """A take was judged, and is to come again or not."""
        self.judged += 1
        self.again += again

    def end(self) -> None:
        """Nothing more is to be done."""
        if self.callback is not None and self.done:
            self.callback(self.done, self.done)
