"""What to measure, and how often."""

import math
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from soundctm.checks import MAX_STEPS, check_seconds, check_takes, within
from soundctm.engines.options import EngineOptions
from soundctm.errors import UserError

Name = Literal["naive", "ours"]  # of a path from prompt to samples
PLAIN_ENGINE, PLAIN_PRECISION = "eager", "float32"


class Settings(BaseModel):
    """``model``: a preset, a model folder or a hub id; ``steps``: numbers of network steps; ``takes`` at once;
    ``seconds`` None: the model's default; ``repeats`` of every variant after ``warmup`` calls; ``threads`` None: as
    many as torch takes; ``naive``: measure that path too; ``fresh``: also in processes of their own; ``peak``:
    operations per second of the device, None: measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    steps: tuple[int, ...] = (1, 4, 16)
    takes: int = 1
    seconds: float | None = None
    repeats: int = 10
    warmup: int = 1
    threads: int | None = None
    device: str = "cpu"
    engine: str = PLAIN_ENGINE
    precision: str = PLAIN_PRECISION
    naive: bool = True
    fresh: bool = True
    peak: float | None = None

    @property
    def plain(self) -> bool:
        """Whether the model is measured as it is loaded."""
        return (self.engine, self.precision) == (PLAIN_ENGINE, PLAIN_PRECISION)

    @property
    def options(self) -> EngineOptions:
        """Engine and precision. Raises :class:`UserError` for names that are not known."""
        return EngineOptions(self.engine, self.precision)  # type: ignore[arg-type]  # it checks them

    @property
    def paths(self) -> tuple[Name, ...]:
        """The naive path goes first, so that ours is never measured on the colder machine."""
        return ("naive", "ours") if self.naive else ("ours",)


def read_steps(text: str) -> tuple[int, ...]:
    """``"1,4,16"`` as numbers, each once, in order."""
    try:
        steps = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError as error:
        raise UserError(
            f"steps is {text!r}; accepted are whole numbers of 1 to {MAX_STEPS} with commas between: 1,4,16"
        ) from error
    return steps


def check_settings(settings: Settings) -> None:
    """Raise :class:`UserError` with the first thing that is out of range."""
    _ = settings.options
    for steps in settings.steps:
        within("steps", steps, 1, MAX_STEPS, "several with commas between: 1,4,16")
    check_takes(settings.takes)
    if settings.seconds is not None:
        check_seconds(settings.seconds)
    within("repeats", settings.repeats, 1, 10_000, "3 for a slow model, 20 for a fast one")
    within("warmup", settings.warmup, 1, 1000, "the first call is never counted")
    if settings.threads is not None:
        within("threads", settings.threads, 1, 4 * (os.cpu_count() or 1), "as many as the machine has cores")
    if settings.peak is not None and not (0 < settings.peak < math.inf):
        raise UserError(f"peak is {settings.peak / 1e12:g} TFLOP/s; give what the device does at best, for example 990")


def check_out(path: Path) -> None:
    """Raise :class:`UserError` before a measurement, not after it, where its figures could not be written."""
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise UserError(f"cannot write {path}: give --out a file in a folder that exists and may be written to")
