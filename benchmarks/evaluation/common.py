"""What the questions share: a model, a listener, takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from soundctm import SoundCTM
from soundctm.metrics.evaluator import Listener

Figures = dict[str, object]


@dataclass(frozen=True)
class Bench:
    """A model under test, the evaluator, the recordings (None where they are not at hand), takes per prompt.
    ``changes`` are fields of recipes in which takes differ from those that the model makes by itself."""

    model: SoundCTM
    listener: Listener
    recordings: Path | None
    takes: int
    changes: Mapping[str, object] = field(default_factory=dict)

    def takes_of(
        self, prompt: str, steps: int, count: int | None = None, seed: int = 11, gamma: float = 0.0
    ) -> list[np.ndarray]:
        """Mono samples of some takes."""
        recipes = self.model.recipes(prompt, takes=count or self.takes, steps=steps, seed=seed, gamma=gamma)
        clips = self.model.replay([recipe.model_copy(update=self.changes) for recipe in recipes])
        return [clip.samples[0] for clip in clips]


def share(hits: list[bool]) -> float:
    """Fraction that is true."""
    return round(float(np.mean(hits)), 4)
