"""One training loop: a budget, atomic checkpoints, resumption, figures, progress with time left."""

import json
import math
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from soundctm.audio.io import write_atomically
from soundctm.errors import UserError
from soundctm.training.checkpoint import Checkpoint, Stateful, random_state, restore_random_state
from soundctm.training.reporters import Figures, Lines, Reporter
from soundctm.training.world import World


class NonFiniteLoss(UserError):
    """A loss became NaN or infinite. Training stops: such a loss is a fact to look at, not to hide."""


Schedule = Literal["constant", "cosine"]
WARMUP = 0.02  # of the budget, where nothing else is said


def scheduled_rate(schedule: Schedule, progress: float, warmup: float) -> float:
    """Learning-rate factor over ``progress`` in [0, 1]: linear over the first ``warmup``, then level or
    :func:`cosine_rate`."""
    return cosine_rate(progress, warmup) if schedule == "cosine" or progress < warmup else 1.0


def cosine_rate(progress: float, warmup: float = WARMUP, floor: float = 0.02) -> float:
    """Learning-rate factor over ``progress`` in [0, 1]: linear warm-up, then half a cosine down to ``floor``."""
    if progress < warmup:
        return max(progress / warmup, 1e-3)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warmup) / (1 - warmup))))


class Loop:
    """Runs ``step(index, progress) -> figures`` until its budget is spent, over all runs together.

    The budget is ``steps``, or ``minutes`` of training time; it places a step in ``progress`` from 0 to 1. With
    ``steps`` a resumed run repeats what an uninterrupted one would have done, bit for bit. ``limit_minutes`` ends this
    run early, with a clean checkpoint. ``resume`` says whether there must be a checkpoint to go on from (True) or must
    not (False); None goes on where there is one. Everything in ``parts`` is saved every ``save_seconds`` and at the
    end. Figures go to ``out/log.jsonl`` and to the reporters. ``inspect(index)`` describes the batch of a step, for
    the report that a non-finite loss leaves in ``out/non_finite.json``. ``settings`` may not change on resumption; one
    that did not exist when a checkpoint was written had its value of ``defaults``.
    """

    def __init__(
        self, parts: Mapping[str, Stateful], out: Path, minutes: float | None = None, *, steps: int | None = None,
        limit_minutes: float | None = None, save_seconds: float = 120.0, resume: bool | None = None,
        sharded: bool = False, world: World | None = None, reporters: tuple[Reporter, ...] = (Lines(),),
        inspect: Callable[[int], Mapping[str, Any]] | None = None, settings: Mapping[str, Any] | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        if (minutes is None) == (steps is None):
            raise ValueError("a loop takes either steps or minutes as its budget")
        self.parts, self.out, self.minutes, self.steps = parts, out, minutes, steps
        self.limit_minutes, self.save_seconds = limit_minutes, save_seconds
        self.world = world or World()
        self.reporters, self.inspect = reporters, inspect
        self.settings, self.defaults = dict(settings or {}), dict(defaults or {})
        self.step = 0
        self.elapsed = 0.0
        self._sums: dict[str, tuple[float, int]] = {}  # of the figures since the last log line, and how many
        self._stopping = False
        out.mkdir(parents=True, exist_ok=True)
        self.checkpoint = Checkpoint(out, self.world, sharded)
        exists = self.checkpoint.exists()
        if resume and not exists:
            raise UserError(f"there is no checkpoint in {out} to go on from; leave --resume out to begin")
        if exists and resume is False:
            raise UserError(
                f"{self.checkpoint.path} exists; give --resume to go on from it, or another --out to begin anew"
            )
        if exists:
            self._resume()
        if self.world.first:
            self._forget_later_figures()

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

    def _resume(self) -> None:
        about = self.checkpoint.about()
        missing = sorted(self._about().keys() - about.keys())
        if missing:
            raise UserError(f"{self.checkpoint.path} is no checkpoint of this program: it has no {', '.join(missing)}")
        before = self.defaults | about["settings"]
        changed = sorted(key for key in self.settings.keys() | before if self.settings.get(key) != before.get(key))
        if changed:
            raise UserError(
                f"{self.checkpoint.path} was made with another {', '.join(changed)}; "
                "resume with the same settings, or choose another --out"
            )
        self.checkpoint.load(self.parts)
        self.step, self.elapsed = about["step"], about["elapsed"]
        self._sums = about["sums"]
        restore_random_state(about["rng"])

    def _about(self) -> dict[str, Any]:
        """The plain values of a checkpoint. The figures of an unfinished log window are among them, so that the log of
        a resumed run is the log of an uninterrupted one."""
        return {
            "step": self.step, "elapsed": self.elapsed, "sums": self._sums, "rng": random_state(),
            "settings": self.settings,
        }  # fmt: skip

    def _forget_later_figures(self) -> None:
        """Drop what a killed run logged after its last checkpoint, or before its first: those steps come again."""
        path = self.out / "log.jsonl"
        if path.exists():
            whole = [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
            kept = "".join(line for line in whole if json.loads(line)["step"] <= self.step)
            write_atomically(path, lambda file: file.write(kept.encode()))

    def save(self) -> None:
        """Write the checkpoint beside its place, then rename."""
        self.checkpoint.save(self.parts, self._about())

    def _stop(self, signum: int, frame: object) -> None:
        self._stopping = True

    def run(self, step: Callable[[int, float], Figures], log_every: int = 50, panels_every: int = 0) -> bool:
        """Train. True when the budget is spent; False when interrupted (Ctrl-C, SIGTERM or ``limit_minutes``), with a
        clean checkpoint. Raises NonFiniteLoss."""
        previous = {s: signal.signal(s, self._stop) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            began_at = self.step
            self._steps(step, log_every, panels_every)
            if self.progress >= 1.0:
                self._log()
                if panels_every and self.step > began_at:
                    self._panels()
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
                self._log()
            if panels_every and self.step % panels_every == 0 and self.progress < 1.0:
                self._panels()
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
        if self.world.first:
            write_atomically(path, lambda file: file.write(json.dumps(report, indent=1).encode()))
        bad = ", ".join(f"{name} {value}" for name, value in figures.items() if not math.isfinite(value))
        raise NonFiniteLoss(
            f"step {self.step} gave {bad}; {path} describes its batch, and what was saved before is kept. Look at the "
            "batch, or lower learning_rate or clip and begin in another --out"
        )

    def _log(self) -> None:
        """Means since the last line, to the log and the reporters; nothing when there is nothing new."""
        means = {name: total / count for name, (total, count) in self._sums.items()}
        self._sums = {}
        if not means or not self.world.first:
            return
        with (self.out / "log.jsonl").open("a") as log:
            log.write(json.dumps({"step": self.step, "elapsed": round(self.elapsed, 1), **means}) + "\n")
        rate = self.step / max(self.elapsed, 1e-9)
        for reporter in self.reporters:
            reporter.report(self.step, rate, self.seconds_left, means)

    def _panels(self) -> None:
        for reporter in self.reporters if self.world.first else ():
            reporter.panels(self.step)
