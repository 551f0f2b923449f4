"""Calls of every variant in turn, again and again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from soundctm.benchmark.clock import Stopwatch, Timing
from soundctm.benchmark.flops import Flops, count
from soundctm.benchmark.paths import Name, Ours, Path, open_path
from soundctm.benchmark.prompts import fresh_prompts
from soundctm.benchmark.settings import Settings
from soundctm.model import SoundCTM

Progress = Callable[[str, float, float], None]  # what is done now, and how much of how much is behind it


def silent(label: str, done: float, total: float) -> None:
    """Nobody looks."""


@dataclass
class Variant:
    """One path at one number of steps: ``work`` in operations by stage, ``sound`` and ``first`` of its first call,
    ``timings`` of the warm ones."""

    name: Name
    path: Path
    steps: int
    work: dict[str, int]
    sound: np.ndarray
    first: float = 0.0
    timings: list[Timing] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"{self.name}, {self.steps} step{'s' if self.steps > 1 else ''}"


def interleaved(variants: Sequence[Variant], rounds: int) -> Iterator[Variant]:
    """All variants in turn, so that whatever else the machine does meets them all alike."""
    for _ in range(rounds):
        yield from variants


def count_for(model: SoundCTM, prompt: str, frames: int) -> Flops:
    """Operations of one take of a prompt."""
    tokens = model.encode(prompt).tokens.shape[1]
    tokenize = getattr(model.text_encoder, "tokenize", None)  # CLAP fills every prompt up to the same length
    words = len(tokenize([prompt])[0]) if callable(tokenize) else tokens
    return count(model.config, frames, words, tokens)


class Measurement:
    """A loaded model with its variants: every path of the settings at every number of steps."""

    def __init__(self, model: SoundCTM, settings: Settings, progress: Progress = silent) -> None:
        self.model, self.settings, self.progress = model, settings, progress
        self.seconds = model.config.seconds if settings.seconds is None else settings.seconds
        self.frames = model.frames(self.seconds)
        self.prompts = fresh_prompts()
        self.watch = Stopwatch(model.device)
        self.flops = count_for(model, next(self.prompts), self.frames)
        paths = {name: open_path(name, model, settings) for name in settings.paths}
        (self.multiplied,) = (path.multiplied for path in paths.values() if isinstance(path, Ours))
        self.variants = [
            Variant(name, path, steps, self._work(name, steps), np.zeros(0))
            for steps in settings.steps
            for name, path in paths.items()
        ]
        once = sum(sum(variant.work.values()) for variant in self.variants)
        self.done, self.total = 0.0, float(once * (settings.warmup + settings.repeats))

    def _work(self, name: Name, steps: int) -> dict[str, int]:
        of = self.flops.naive if name == "naive" else self.flops.ours
        return of(steps, self.settings.takes)

    def _call(self, variant: Variant, prompt: str, seed: int) -> tuple[Timing, np.ndarray]:
        made: list[np.ndarray] = []

        def call() -> None:
            made.extend(variant.path.make(prompt, seed, variant.steps, self.watch))

        self.progress(variant.label, self.done, self.total)
        timing = self.watch.measure(call)
        self.done += sum(variant.work.values())
        self.progress(variant.label, self.done, self.total)
        return timing, np.concatenate(made, axis=-1)

    def warm_up(self) -> None:
        """First calls, with one prompt and noise for all paths, so that their sounds can be compared; then others."""
        prompts = {steps: next(self.prompts) for steps in self.settings.steps}
        for variant in self.variants:
            timing, variant.sound = self._call(variant, prompts[variant.steps], 0)
            variant.first = timing.total
        for variant in interleaved(self.variants, self.settings.warmup - 1):
            self._call(variant, next(self.prompts), 0)

    def measure(self) -> None:
        """The warm calls, each with a prompt of its own."""
        for number, variant in enumerate(interleaved(self.variants, self.settings.repeats)):
            timing, _ = self._call(variant, next(self.prompts), number)
            variant.timings.append(timing)
