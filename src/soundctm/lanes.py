"""Takes that share a batch, step by step, though none knows of the others."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from soundctm.backbones.text import TextMemory
from soundctm.performance import Performance, keeps_all
from soundctm.trajectory import Trajectory
from soundctm.trajectory.leap import Rows, StagedLeap

Pull = Callable[[], tuple[int, Performance] | None]
Result = tuple[int, np.ndarray]
Core = Callable[..., Tensor]


class Lane:
    """A take on its way, one step at a time."""

    def __init__(self, number: int, performance: Performance) -> None:
        self.number, self.performance = number, performance
        self.trajectory: Trajectory = performance.begin()
        self.leap = self.trajectory.leap

    @property
    def shares(self) -> bool:
        """Whether its steps may be steps of a batch: no windows, and a student in stages."""
        return isinstance(self.leap, StagedLeap) and self.leap.student is self.performance.engine.student

    @property
    def asked(self) -> tuple[Tensor, int]:
        if self.trajectory.asked is None:
            raise ValueError("this take has taken its last step")
        return self.trajectory.asked

    def rows(self) -> Rows:
        """What its step asks of the network."""
        if not isinstance(self.leap, StagedLeap):
            raise TypeError("only a student in stages is asked by rows")
        return self.leap.rows(*self.asked)

    def land(self, F: Tensor) -> None:
        """Take the step, with the network's answer."""
        if isinstance(self.leap, StagedLeap):
            self.trajectory.land(self.leap.land(F, *self.asked))

    def run(self) -> None:
        """Take all steps alone."""
        self.trajectory.run()

    def finish(self) -> np.ndarray | None:
        """Samples ``[1, length]`` of the take when its last step is taken, else None."""
        result = self.trajectory.result
        return None if result is None else self.performance.finish(result)


def kind(rows: Rows) -> tuple[object, ...]:
    """Rows of one kind fit into one batch."""
    return rows.x.shape, rows.level.shape, rows.memory.tokens


class Batcher:
    """Asks the network for the rows of several takes at once.

    Whether a row of a batch is to the last bit what it is alone depends on the machine's kernels. It is looked up the
    first time that a batch of a new size comes along; where it is not so, the rows are asked for one by one.
    """

    def __init__(self) -> None:
        self.exact: dict[tuple[object, ...], bool] = {}

    def answer(self, core: Core, asked: Sequence[Rows]) -> list[Tensor]:
        """The network's answer to each of these rows, which are of one kind."""
        key = (kind(asked[0]), len(asked))
        if len(asked) > 1 and self.exact.get(key, True):
            together = self._together(core, asked)
            if key in self.exact:
                return together
        alone = [core(*rows) for rows in asked]
        if len(asked) > 1 and key not in self.exact:
            self.exact[key] = all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))
        return alone

    @staticmethod
    def _together(core: Core, asked: Sequence[Rows]) -> list[Tensor]:
        F = core(
            torch.cat([rows.x for rows in asked]), torch.cat([rows.level for rows in asked]),
            TextMemory.cat([rows.memory for rows in asked]),
        )  # fmt: skip
        return list(F.split([len(rows.x) for rows in asked]))


def work_through(pull: Pull, width: int, batcher: Batcher) -> Iterator[Result]:
    """Number and samples of every take that ``pull`` gives, as soon as each is made; up to ``width`` share a batch."""
    lanes: list[Lane] = []
    while True:
        while len(lanes) < width and (given := pull()) is not None:
            number, performance = given
            if keeps_all(performance.recipe):
                yield number, performance.samples()
            else:
                lanes.append(Lane(number, performance))
        if not lanes:
            return
        step(lanes, batcher)
        for lane in list(lanes):
            if (samples := lane.finish()) is not None:
                lanes.remove(lane)
                yield lane.number, samples


def step(lanes: Sequence[Lane], batcher: Batcher) -> None:
    """The next step of the lanes that fit into the largest batch; or all steps of one that cannot share."""
    groups: dict[tuple[object, ...], list[tuple[Lane, Rows]]] = {}
    for lane in lanes:
        if not lane.shares:
            return lane.run()
        rows = lane.rows()
        groups.setdefault(kind(rows), []).append((lane, rows))
    group = max(groups.values(), key=len)
    core: Core = group[0][0].performance.engine.student.core  # type: ignore[assignment]
    for (lane, _), F in zip(group, batcher.answer(core, [rows for _, rows in group]), strict=True):
        lane.land(F)
