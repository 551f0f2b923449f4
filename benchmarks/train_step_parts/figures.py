"""From turns to figures."""

import time
from collections.abc import Mapping, Sequence
from typing import Literal

from soundctm.benchmark.results import Facts, Machine, Spread
from train_step_parts.turns import OFFICIAL, Job, Turn

GIB = 2**30


class Figures(Facts):
    """Of one variant. ``times``: seconds of all timed steps, in the order of the report's ``solver_steps``;
    ``steps_per_second`` from their mean; ``ratio``: how many times as long the official style takes, step by step;
    ``text`` and ``autoencoder``: shares of the time; ``memory``: the most bytes that a process held."""

    times: tuple[float, ...]
    spread: Spread
    steps_per_second: float
    ratio: Spread | None
    text: float
    autoencoder: float
    memory: int | None
    device_memory: int | None


class Report(Facts):
    """Everything; ``machine.load`` is that of the minute before. ``solver_steps`` of the timed steps, ``rounds`` in
    which the variants took turns, ``left_out`` says why."""

    format_version: Literal[1] = 1
    command: tuple[str, ...]
    job: Job
    depth: int
    frames: int
    tokens: int
    rounds: int
    solver_steps: tuple[int, ...]
    machine: Machine
    warnings: tuple[str, ...]
    left_out: dict[str, str]
    variants: dict[str, Figures]


def pooled(turns: Mapping[str, Sequence[Turn]]) -> dict[str, Figures]:
    """The figures of each variant, from all of its turns; every variant took the same steps in the same order."""
    times = {name: tuple(s for turn in own for s in turn.seconds) for name, own in turns.items()}
    return {name: _figures(own, times[name], times.get(OFFICIAL), name) for name, own in turns.items()}


def _figures(turns: Sequence[Turn], times: tuple[float, ...], official: tuple[float, ...] | None, name: str) -> Figures:
    ratio = None
    if official is not None and name != OFFICIAL:
        ratio = Spread.of([slow / fast for slow, fast in zip(official, times, strict=True)])
    memory = [turn.memory for turn in turns if turn.memory is not None]
    device_memory = [turn.device_memory for turn in turns if turn.device_memory is not None]
    return Figures(
        times=times, spread=Spread.of(times), steps_per_second=len(times) / sum(times), ratio=ratio,
        text=sum(sum(turn.text) for turn in turns) / sum(times),
        autoencoder=sum(sum(turn.autoencoder) for turn in turns) / sum(times),
        memory=max(memory, default=None), device_memory=max(device_memory, default=None),
    )  # fmt: skip


COLUMNS = (
    "step", "median, s (quartiles)", "steps/s", "times as fast as the official style (quartiles)",
    "share in text and audio encoders", "peak memory", "peak of the device",
)  # fmt: skip


def table(report: Report) -> str:
    """The figures as Markdown, for docs/training.md; the last column only where a device has memory of its own."""
    wide = any(each.device_memory is not None for each in report.variants.values())
    columns = COLUMNS if wide else COLUMNS[:-1]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name, each in report.variants.items():
        cells = (
            name, _quartiles(each.spread), f"{each.steps_per_second:.3g}", _quartiles(each.ratio),
            f"{each.text:.1%}, {each.autoencoder:.1%}", _gib(each.memory), _gib(each.device_memory),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells[: len(columns)])} |")
    notes = [*(f"{name} left out: {why}" for name, why in report.left_out.items()), *report.warnings]
    return "\n".join([*lines, *notes])


def _quartiles(spread: Spread | None) -> str:
    return "" if spread is None else f"{spread.median:.3g} ({spread.p25:.3g} to {spread.p75:.3g})"


def _gib(size: int | None) -> str:
    return "" if size is None else f"{size / GIB:.1f} GiB"


class Progress:
    """How long it will go on, from what the turns have taken."""

    def __init__(self, turns: Sequence[str]) -> None:
        self.left = list(turns)
        self.taken: dict[str, list[float]] = {}
        self.began = time.monotonic()

    def done(self) -> str:
        """The next turn has ended; how many minutes are left."""
        now = time.monotonic()
        self.taken.setdefault(self.left.pop(0), []).append(now - self.began)
        self.began = now
        return f"about {self.seconds_left() / 60:.1f} min left"

    def seconds_left(self) -> float:
        """Turns of a variant take what they took; of one that was not seen yet, what turns took in the mean."""
        whole = [seconds for own in self.taken.values() for seconds in own]
        means = {name: sum(own) / len(own) for name, own in self.taken.items()}
        return sum(means.get(name, sum(whole) / len(whole)) for name in self.left)
