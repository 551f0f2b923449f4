"""One compiled program for each combination of shapes."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from threading import RLock
from types import FunctionType
from typing import NamedTuple, cast

import torch
from torch import Tensor

from soundctm.engines.artefacts import Record

KEPT = 8  # programs of one network
PATIENCE = 128  # times that a case is computed without its program before that is loaded: as many as a take has steps
BACKEND = "inductor"

Program = Callable[..., Tensor]


class Case(NamedTuple):
    """What a program is made for: sizes of its tensors (None where one is missing), whole numbers, and threads, for
    which loops are cut to fit."""

    sizes: tuple[tuple[int, ...] | None, ...]
    numbers: tuple[int, ...]
    threads: int

    @property
    def name(self) -> str:
        """As part of the name of a file."""
        sizes = ["none" if each is None else "x".join(map(str, each)) for each in self.sizes]
        return "_".join([*sizes, *map(str, self.numbers), f"{self.threads}t"])


def _case(inputs: Sequence[Tensor | None], numbers: tuple[int, ...]) -> Case:
    return Case(
        tuple(None if value is None else tuple(value.shape) for value in inputs), numbers, torch.get_num_threads()
    )


class Programs:
    """A function of tensors, compiled for each case that comes up; the ``kept`` used last stay.

    With ``graphs`` a program is replayed as a CUDA graph, and one thread computes at a time. What has been made is
    noted in ``record``, under ``name``. With ``recorded_only`` they :meth:`offer` no more than was noted there before,
    and each case only once it has come up ``patience`` times: to load a program takes seconds, for which a first take
    would wait.
    """

    def __init__(
        self, name: str, record: Record, graphs: bool = False, kept: int = KEPT, backend: str = BACKEND,
        recorded_only: bool = False, patience: int = PATIENCE,
    ) -> None:  # fmt: skip
        self.name, self.record, self.graphs, self.kept, self.backend = name, record, graphs, kept, backend
        self.patience, self.passed = patience, Counter[Case]()
        self.recorded = frozenset(record.names()) if recorded_only else None
        self.made: OrderedDict[Case, Program] = OrderedDict()
        self.lock = RLock()

    def offer(self, inputs: Sequence[Tensor | None], numbers: tuple[int, ...] = ()) -> bool:
        """Whether :meth:`run` should be asked. With ``recorded_only`` not where the compiler would have to work, nor
        where one program would take the place of another: to load them in turn is slower than to do without."""
        if self.recorded is None:
            return True
        case = _case(inputs, numbers)
        with self.lock:
            if case in self.made:
                return True
            if len(self.made) >= self.kept or self._note(case) not in self.recorded:
                return False
            self.passed[case] += 1
            return self.passed[case] > self.patience

    @torch.no_grad()
    def run(self, function: Program, inputs: Sequence[Tensor | None], numbers: tuple[int, ...] = ()) -> Tensor:
        """``function(*inputs, *numbers)`` by the program for this case, which is made first where there is none."""
        inputs = [None if value is None else value.contiguous() for value in inputs]
        case = _case(inputs, numbers)
        with self.lock:
            if case not in self.made:
                return self._first(case, function, inputs)
            self.made.move_to_end(case)
            program = self.made[case]
            if self.graphs:
                return self._call(program, inputs, numbers)
        return self._call(program, inputs, numbers)

    def _first(self, case: Case, function: Program, inputs: Sequence[Tensor | None]) -> Tensor:
        """Make a program and run it; a program that cannot be made leaves no trace."""
        program = self._compiled(cast(FunctionType, function))
        out = self._call(program, inputs, case.numbers)
        self.made[case] = program
        while len(self.made) > self.kept:
            self.made.popitem(last=False)
        self.record.note(self._note(case))
        return out

    def _note(self, case: Case) -> str:
        return f"{self.name}-{case.name}"

    def _compiled(self, function: FunctionType) -> Program:
        """The compiler keeps programs by the code object they come from, tries them one after another, and gives up
        after a few. A code object for each program keeps them apart, and lets one go when it is dropped here."""
        alone = FunctionType(
            function.__code__.replace(), function.__globals__, function.__name__, function.__defaults__,
            function.__closure__,
        )  # fmt: skip
        mode = "reduce-overhead" if self.graphs else None
        made: Program = torch.compile(alone, dynamic=False, fullgraph=True, backend=self.backend, mode=mode)
        return made

    def _call(self, program: Program, inputs: Sequence[Tensor | None], numbers: tuple[int, ...]) -> Tensor:
        if not self.graphs:
            return program(*inputs, *numbers)
        torch.compiler.cudagraph_mark_step_begin()
        return program(*inputs, *numbers).clone()  # the next replay writes over it
