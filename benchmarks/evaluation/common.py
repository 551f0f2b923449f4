"""What the questions share: a model, a listener, takes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soundctm import SoundCTM
from soundctm.metrics.evaluator import Listener

Figures = dict[str, object]


@dataclass(frozen=True)
class Bench:
    """A model under test, the evaluator, the recordings (None where they are not at hand), takes per prompt."""

    model: SoundCTM
    listener: Listener
    recordings: Path | None
    takes: int

    def takes_of(
        self, prompt: str, steps: int, count: int | None = None, seed: int = 11, gamma: float = 0.0
    ) -> list[np.ndarray]:
        """Mono samples of some takes."""
        clips = self.model.generate(prompt, takes=count or self.takes, steps=steps, seed=seed, gamma=gamma)
        return [clip.samples[0] for clip in clips]


def share(hits: list[bool]) -> float:
    """Fraction that is true."""
    return round(float(np.mean(hits)), 4)
