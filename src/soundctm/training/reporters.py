"""Where the figures of a training go: lines of text, a progress bar, TensorBoard."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from soundctm.errors import UserError

Figures = dict[str, float]


class Reporter(Protocol):
    """Sees the mean figures of every log window, and is asked now and then for pictures and sounds."""

    def report(self, step: int, rate: float, seconds_left: float, means: Figures) -> None: ...

    def panels(self, step: int) -> None: ...


def summary(means: Figures) -> str:
    """Names and values on one line."""
    return "  ".join(f"{name} {value:.4g}" for name, value in means.items())


class Lines:
    """One line of text for each report, on standard error; for logs and pipes."""

    def report(self, step: int, rate: float, seconds_left: float, means: Figures) -> None:
        line = f"step {step:6d}  {rate:5.2f}/s  {max(seconds_left, 0.0) / 60:5.1f} min left  {summary(means)}"
        print(line, file=sys.stderr, flush=True)

    def panels(self, step: int) -> None:
        """Text has no pictures."""


class Bar:
    """A progress bar with time left, for a terminal; use it as a context."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[figures]}"))
        self.bar = Progress(*columns, console=Console(stderr=True))
        self.task = self.bar.add_task("training", total=1.0, figures="")

    def __enter__(self) -> "Bar":
        self.bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()

    def report(self, step: int, rate: float, seconds_left: float, means: Figures) -> None:
        spent = step / max(rate, 1e-9)
        words = f"step {step}  {rate:.2f}/s  {max(seconds_left, 0.0) / 60:.1f} min left  {summary(means)}"
        self.bar.update(self.task, completed=spent / max(spent + seconds_left, 1e-9), figures=words)

    def panels(self, step: int) -> None:
        """A bar has no pictures."""


Listen = Callable[[], dict[str, tuple[np.ndarray, int]]]


class Board:
    """TensorBoard: every figure as a scalar, and sounds with their spectrograms at fixed seeds.

    ``listen()`` gives by name the samples ``[length]`` and the sample rate of what the network sounds like now.
    """

    def __init__(self, folder: Path, listen: Listen | None = None) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UserError("TensorBoard is not installed; pip install 'soundctm[train]', or leave it off") from error
        self.writer = SummaryWriter(folder)
        self.listen = listen

    def report(self, step: int, rate: float, seconds_left: float, means: Figures) -> None:
        for name, value in {**means, "steps per second": rate}.items():
            self.writer.add_scalar(name, value, step)

    def panels(self, step: int) -> None:
        """Write the sounds of this step and their spectrograms."""
        if self.listen is None:
            return
        from soundctm.audio.spectrogram import picture

        for name, (samples, sample_rate) in self.listen().items():
            self.writer.add_audio(name, samples, step, sample_rate)
            self.writer.add_image(name, picture(samples, sample_rate), step, dataformats="HWC")
        self.writer.flush()
