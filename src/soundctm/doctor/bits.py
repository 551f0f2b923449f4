"""Whether a take is to the last bit the same, whatever is made beside it and on however many cores."""

from collections import deque
from collections.abc import Sequence

import numpy as np
import torch

from soundctm.audio import Recipe
from soundctm.benchmark.machine import cores
from soundctm.doctor.golden import COURSES, SEED, SHORT
from soundctm.doctor.results import Bits
from soundctm.engines.threads import threads
from soundctm.lanes import Batcher, work_through
from soundctm.model import SoundCTM
from soundctm.performance import Performance


def compare_bits(model: SoundCTM) -> Bits:
    """Takes of several prompts and numbers of steps, alone and in one batch; the first also on one core and on all."""
    seconds = min(SHORT, model.config.seconds)
    recipes = [
        model.recipes(course["prompt"], seed=SEED + i, steps=2 + i % 2, seconds=seconds)[0]
        for i, course in enumerate(COURSES)
    ]
    batcher = Batcher()
    with model.computation.arithmetic():
        together, alone = _made(model, recipes, len(recipes), batcher), _made(model, recipes, 1, Batcher())
    same = all(np.array_equal(alone[number], samples) for number, samples in together.items())
    cored = None
    if model.device.type == "cpu" and cores() > 1:
        with threads(1):
            one = _made(model, recipes[:1], 1, Batcher())
        with threads(cores()):
            cored = np.array_equal(one[0], _made(model, recipes[:1], 1, Batcher())[0])
    return Bits(batch=same, rows=all(batcher.exact.values()), cores=cored)


def _made(model: SoundCTM, recipes: Sequence[Recipe], width: int, batcher: Batcher) -> dict[int, np.ndarray]:
    """Samples of takes, ``width`` of them in a batch."""
    left = deque(enumerate(Performance(model.engine, recipe, {}, lambda: None) for recipe in recipes))
    with torch.no_grad():
        return dict(work_through(lambda: left.popleft() if left else None, width, batcher))
