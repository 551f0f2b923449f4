"""One training loop: a budget, atomic checkpoints, resumption, figures, progress with time left."""

import json
import math
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from soundctm.errors import UserError
from soundctm.training.checkpoint import Checkpoint, Stateful, random_state, restore_random_state
from soundctm.training.reporters import Figures, Lines, Reporter
from soundctm.training.world import World


class NonFiniteLoss(RuntimeError):
    """A loss became NaN or infinite. Training stops: such a loss is a fact to look at, not to hide."""


def cosine_rate(progress: float, warmup: float = 0.02, floor: float = 0.02) -> float:
    """Learning-rate factor over ``progress`` in [0, 1]: linear warm-up, then half a cosine down to ``floor``."""
    if progress < warmup:
        return max(progress / warmup, 1e-3)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warmup) / (1 - warmup))))


class Loop:
    """Runs ``step(index, progress) -> figures`` until its budget is spent, over all runs together.

    The budget is ``steps``, or ``minutes`` of training time; it places a step in ``progress`` from 0 to 1. With
    ``steps`` a resumed run repeats what an uninterrupted one would have done, bit for bit. ``limit_minutes`` ends this
    run early, with a clean checkpoint. Everything in ``parts`` is saved every ``save_seconds`` and at the end. Figures
    go to ``out/log.jsonl`` and to the reporters. ``inspect(index)`` describes the batch of a step, for the report that
    a non-finite loss leaves in ``out/non_finite.json``.
    """

    def __init__(
        self, parts: Mapping[str, Stateful], out: Path, minutes: float | None = None, *, steps: int | None = None,
        limit_minutes: float | None = None, save_seconds: float = 120.0, resume: bool = True, sharded: bool = False,
        world: World | None = None, reporters: tuple[Reporter, ...] = (Lines(),),
        inspect: Callable[[int], Mapping[str, Any]] | None = None, settings: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        if (minutes is None) == (steps is None):
            raise ValueError("a loop takes either steps or minutes as its budget")
        self.parts, self.out, self.minutes, self.steps = parts, out, minutes, steps
        self.limit_minutes, self.save_seconds = limit_minutes, save_seconds
        self.world = world or World()
        self.reporters, self.inspect = reporters, inspect
        self.settings = dict(settings or {})
        self.step = 0
        self.elapsed = 0.0
        self._sums: dict[str, tuple[float, int]] = {}  # of the figures since the last log line, and how many
        self._stopping = False
        out.mkdir(parents=True, exist_ok=True)
        self.checkpoint = Checkpoint(out, self.world, sharded)
        if self.checkpoint.exists():
            self._resume(resume)

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, in [0, 1]."""
        spent = self.step / self.steps if self.steps else self.elapsed / (60.0 * (self.minutes or 1.0))
        return min(1.0, spent)

    @property
    def seconds_left(self) -> float:
        """Training time left, from the mean time of a step where the budget is steps."""
        if self.steps is None:
            return max(0.0, 60.0 * (self.minutes or 0.0) - self.elapsed)
        return (self.steps - self.step) * self.elapsed / max(self.step, 1)

    def _resume(self, wanted: bool) -> None:
        if not wanted:
            raise UserError(
                f"{self.checkpoint.path} exists; give --resume to go on from it, or another --out to begin anew"
            )
        about = self.checkpoint.load(self.parts, self._about())
        changed = sorted(k for k, v in self.settings.items() if about["settings"].get(k, v) != v)
        if changed:
            raise UserError(
                f"{self.checkpoint.path} was made with another {', '.join(changed)}; "
                "resume with the same settings, or choose another --out"
            )
        self.step, self.elapsed = about["step"], about["elapsed"]
        self._sums = about["sums"]
        restore_random_state(about["rng"])
        if self.world.first:
            self._forget_later_figures()

    def _about(self) -> dict[str, Any]:
        """The plain values of a checkpoint. The figures of an unfinished log window are among them, so that the log of
        a resumed run is the log of an uninterrupted one."""
        return {
            "step": self.step, "elapsed": self.elapsed, "sums": self._sums, "rng": random_state(),
            "settings": self.settings,
        }  # fmt: skip

    def _forget_later_figures(self) -> None:
        """Drop what a killed run logged after its last checkpoint: those steps come again."""
        path = self.out / "log.jsonl"
        if path.exists():
            whole = [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
            path.write_text("".join(line for line in whole if json.loads(line)["step"] <= self.step))

    def save(self) -> None:
        """Write the checkpoint beside its place, then rename."""
        self.checkpoint.save(self.parts, self._about())

    def _stop(self, signum: int, frame: object) -> None:
        self._stopping = True

    def run(self, step: Callable[[int, float], Figures], log_every: int = 50, panels_every: int = 0) -> bool:
        """Train. True when the budget is spent; False when interrupted (Ctrl-C, SIGTERM or ``limit_minutes``), with a
        clean checkpoint."""
        previous = {s: signal.signal(s, self._stop) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._steps(step, log_every, panels_every)
            self.save()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        return self.progress >= 1.0

    def _steps(self, step: Callable[[int, float], Figures], log_every: int, panels_every: int) -> None:
        began = last_save = time.monotonic()
        while self.progress < 1.0:
            start = time.monotonic()
            limit = self.limit_minutes is not None and start - began > 60 * self.limit_minutes
            if self.world.any(self._stopping or limit):
                return
            figures = step(self.step, self.progress)
            self._must_be_finite(figures)
            self.step += 1
            self.elapsed += self.world.agree(time.monotonic() - start)
            for name, value in figures.items():
                total, count = self._sums.get(name, (0.0, 0))
                self._sums[name] = (total + value, count + 1)
            if self.step % log_every == 0:
                self._log({name: total / count for name, (total, count) in self._sums.items()})
                self._sums = {}
            if panels_every and self.step % panels_every == 0 and self.world.first:
                for reporter in self.reporters:
                    reporter.panels(self.step)
            if self.world.any(time.monotonic() - last_save > self.save_seconds):
                self.save()
                last_save = time.monotonic()

    def _must_be_finite(self, figures: Figures) -> None:
        """Raise NonFiniteLoss and leave a report of the batch."""
        if all(math.isfinite(value) for value in figures.values()):
            return
        report = {"step": self.step, "figures": {k: str(v) for k, v in figures.items()}}
        if self.inspect is not None:
            report["batch"] = dict(self.inspect(self.step))
        path = self.out / "non_finite.json"
        path.write_text(json.dumps(report, indent=1))
        raise NonFiniteLoss(
            f"step {self.step}: {figures}; its batch is described in {path}, the checkpoint before it is kept"
        )

    def _log(self, means: Figures) -> None:
        if not self.world.first:
            return
        with (self.out / "log.jsonl").open("a") as log:
            log.write(json.dumps({"step": self.step, "elapsed": round(self.elapsed, 1), **means}) + "\n")
        rate = self.step / max(self.elapsed, 1e-9)
        for reporter in self.reporters:
            reporter.report(self.step, rate, self.seconds_left, means)
