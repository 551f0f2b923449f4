"""A row on its way: which takes are tried next, and which are kept."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from soundctm.audio import Recipe
from soundctm.batch.ear import Heard, likeness
from soundctm.batch.order import Order
from soundctm.batch.search import Search

DUPLICATE, DISTANCE = "duplicate", "distance"
BETWEEN = "; "  # reasons
NO_FIRST = "set: it has no first take that the others could be relatives of"


@dataclass(frozen=True)
class Candidate:
    """A try, counted from 0, at a take of a row."""

    slot: int
    attempt: int
    recipe: Recipe


@dataclass(frozen=True)
class Judgement:
    """``reason`` "" where the take is kept; likeness ``nearest`` to the other kept takes of the row, and to the
    ``first`` of a set, None where there is none."""

    reason: str
    nearest: float | None
    first: float | None


class Course:
    """The takes of one row. Its verdicts depend on the row alone: not on what is made beside it, nor on where a run was
    cut off."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.tried = [0] * order.row.takes
        self.kept: dict[int, tuple[Recipe, np.ndarray | None]] = {}
        self.searches = [Search.begin(order.row.distance.begun if order.row.distance else 1.0)] * order.row.takes

    @property
    def _first(self) -> Recipe | None:
        """Whose relatives the others are, of a set."""
        return self.kept[0][0] if 0 in self.kept and self.order.row.distance is not None else None

    def tries(self, slot: int) -> int:
        """How often a take may be tried; the take of a file is the one it is."""
        return 1 if self.order.fixed and not slot else self.order.row.tries

    def unsettled(self, slot: int) -> bool:
        """Whether a take is to be tried, or tried again."""
        return slot not in self.kept and self.tried[slot] < self.tries(slot)

    @property
    def waiting(self) -> int:
        """How many takes are tried only when the first one of their set is kept."""
        alone = self.order.row.distance is not None and 0 not in self.kept
        return self.order.row.takes - 1 if alone and not (self.order.refused or self.hopeless) else 0

    @property
    def hopeless(self) -> bool:
        """Whether it is a set whose first take was given up."""
        return self.order.row.distance is not None and 0 not in self.kept and self.tried[0] >= self.tries(0)

    def next(self) -> Iterator[Candidate]:
        """The next round: one try for each take that is not settled; of a set, the first take alone."""
        if self.order.refused or self.hopeless:
            return
        for slot in [0] if self.waiting else range(self.order.row.takes):
            if self.unsettled(slot):
                attempt = self.tried[slot]
                yield Candidate(slot, attempt, self.order.recipe(slot, attempt, self._first, self.searches[slot]))

    def judge(self, slot: int, heard: Heard, undelivered: str = "") -> Judgement:
        """Hold a take against the gates and those that are kept; ``undelivered`` says why it cannot be delivered. The
        take of a file was chosen by ear: no match can refuse it, nor its relatives."""
        gates, kinship = self.order.row.gates, self.order.row.distance
        if self.order.fixed:
            gates = gates.model_copy(update={"match": -1.0})
        reasons = [*gates.faults(heard), *([f"delivery: {undelivered}"] if undelivered else [])]
        alike = {kept: likeness(heard.embedding, vector) for kept, (_, vector) in self.kept.items()}
        nearest = max(alike.values(), default=None)
        first = alike.get(0) if kinship else None
        most = gates.duplicate if kinship is None else min(gates.duplicate, kinship.highest)
        if nearest is not None and nearest >= most:
            other = max(alike, key=lambda each: alike[each])
            reasons.append(f"{DUPLICATE}: likeness {nearest:.3f} to take {other + 1}, {most:g} or more")
        if kinship and first is not None and first < kinship.lowest:
            reasons.append(f"{DISTANCE}: likeness {first:.3f} to the first take, below {kinship.lowest:g}")
        return Judgement(BETWEEN.join(reasons), nearest, first)

    def settle(
        self, candidate: Candidate, reason: str, embedding: np.ndarray | None, audition: int | None = None
    ) -> None:
        """Take note of a verdict on a candidate, and of the ``audition`` that it was found to begin with. How far a
        take goes when it comes again follows from its own tries alone."""
        slot = candidate.slot
        self.tried[slot] += 1
        if reason:
            faults = reason.split(BETWEEN)
            far, near = (any(fault.startswith(word) for fault in faults) for word in (DISTANCE, DUPLICATE))
            self.searches[slot] = self.searches[slot].after(too_far=far, too_near=near)
        else:
            self.kept[slot] = candidate.recipe.model_copy(update={"audition": audition}), embedding
