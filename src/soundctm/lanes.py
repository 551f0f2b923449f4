"""Takes that share a batch, step by step, though none knows of the others."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from soundctm.audio import Clip
from soundctm.backbones.text import TextMemory
from soundctm.engines.threads import threads
from soundctm.errors import UserError
from soundctm.performance import Performance
from soundctm.trajectory import Trajectory
from soundctm.trajectory.leap import Rows, StagedLeap

Pull = Callable[[bool], tuple[int, Callable[[], Performance]] | None]  # told whether it may wait for one
Result = tuple[int, Clip | Exception]
Kind = tuple[object, ...]
Core = Callable[..., Tensor]


class Dropped(Exception):
    """Nobody waits any more for the take whose tick raises this; those beside it go on."""


OF_ONE_TAKE = (UserError, Dropped)  # what goes wrong with a take alone: a recording that is missing, say


class Lane:
    """A take on its way, one step at a time."""

    def __init__(self, number: int, performance: Performance) -> None:
        self.number, self.performance = number, performance
        self.fault: Exception | None = None
        self.trajectory: Trajectory = performance.begin()
        self.leap = self.trajectory.leap
        self.student = performance.engine.student

    @property
    def shares(self) -> bool:
        """Whether its steps may be steps of a batch: no windows, and a student in stages."""
        return isinstance(self.leap, StagedLeap) and self.leap.student is self.student

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
        if not isinstance(self.leap, StagedLeap):
            raise TypeError("only a student in stages answers by rows")
        with self._own_fault():
            self.trajectory.land(self.leap.land(F, *self.asked))

    def run(self) -> None:
        """Take all steps alone."""
        with self._own_fault():
            self.trajectory.run()

    @contextmanager
    def _own_fault(self) -> Iterator[None]:
        try:
            yield
        except OF_ONE_TAKE as error:
            self.fault = error

    def finish(self) -> Clip | Exception | None:
        """The take when its last step is taken, or what went wrong with it; None before."""
        result = self.trajectory.result
        clip = None
        if result is not None and self.fault is None:
            with self._own_fault():
                clip = self.performance.finish(result)
        return self.fault or clip


def kind(student: object, rows: Rows) -> Kind:
    """Rows of one kind fit into one batch: of one network, and of one shape."""
    return id(student), rows.x.shape, rows.level.shape, rows.memory.tokens


class Batcher:
    """Asks a network for the rows of several takes at once.

    Whether a row of a batch is to the last bit what it is alone depends on the machine's kernels. It is looked up the
    first time that a batch of a new kind or size comes along; where it is not so, the rows are asked for one by one.
    With ``rounds`` they share batches all the same, and each is what it is alone to within rounding.
    """

    def __init__(self, rounds: bool = False) -> None:
        self.rounds = rounds
        self.exact: dict[tuple[Kind, int], bool] = {}

    @classmethod
    def of(cls, device: torch.device) -> "Batcher":
        """That of a device: exact on CPUs. Kernels of GPUs are chosen by the size of the batch and round by it, so
        that there would be no batches, and a GPU that computes one take at a time has little to do."""
        return cls(rounds=device.type != "cpu")

    def answer(self, core: Core, kind: Kind, asked: Sequence[Rows]) -> list[Tensor]:
        """The network's answer to each of these rows, which are of one kind."""
        key = (kind, len(asked))
        known = True if self.rounds else self.exact.get(key)  # read once: other threads write it meanwhile
        if len(asked) > 1 and known is True:
            return self._together(core, asked)
        alone = [core(*rows) for rows in asked]
        if len(asked) > 1 and known is None:
            together = self._together(core, asked)
            self.exact[key] = all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))
        return alone

    @staticmethod
    def _together(core: Core, asked: Sequence[Rows]) -> list[Tensor]:
        F = core(
            torch.cat([rows.x for rows in asked]), torch.cat([rows.level for rows in asked]),
            TextMemory.cat([rows.memory for rows in asked]),
        )  # fmt: skip
        return list(F.split([len(rows.x) for rows in asked]))


class Lanes:
    """Takes on their way in one thread, up to ``width`` of them in a batch, on ``cores`` cores.

    No gradients are recorded, and the number of cores is set, while something is computed: not in between, where the
    thread may be somebody else's.
    """

    def __init__(self, width: int, cores: int, batcher: Batcher) -> None:
        self.width, self.cores, self.batcher = width, cores, batcher
        self.lanes: list[Lane] = []

    def run(self, pull: Pull) -> Generator[Result, None, None]:
        """Number and clip of every take that ``pull`` gives, or what went wrong with it, as soon as it is there."""
        while True:
            while len(self.lanes) < self.width and (given := pull(not self.lanes)) is not None:
                yield from self._begin(*given)
            if not self.lanes:
                return
            yield from self._step()

    def _begin(self, number: int, make: Callable[[], Performance]) -> list[Result]:
        try:
            with torch.no_grad(), threads(self.cores):
                performance = make()
                if (z := performance.outcome()) is not None:
                    return [(number, performance.finish(z))]
                self.lanes.append(Lane(number, performance))
        except OF_ONE_TAKE as error:
            return [(number, error)]
        return []

    def _step(self) -> Iterator[Result]:
        with torch.no_grad(), threads(self.cores):
            step(self.lanes, self.batcher)
        for lane in tuple(self.lanes):
            with torch.no_grad(), threads(self.cores):
                result = lane.finish()
            if result is not None:
                self.lanes.remove(lane)
                yield lane.number, result


def step(lanes: Sequence[Lane], batcher: Batcher) -> None:
    """The next step of the first of these takes and of those that fit into a batch with it; all of its steps where it
    cannot share."""
    first = lanes[0]
    if not first.shares:
        return first.run()
    asked = [(lane, lane.rows()) for lane in lanes if lane.shares]
    wanted = kind(first.student, asked[0][1])
    group = [(lane, rows) for lane, rows in asked if kind(lane.student, rows) == wanted]
    core: Core = first.student.core  # type: ignore[assignment]
    for (lane, _), F in zip(group, batcher.answer(core, wanted, [rows for _, rows in group]), strict=True):
        lane.land(F)
