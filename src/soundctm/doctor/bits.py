"""Whether a take is to the last bit the same, whatever is made beside it and on however many cores."""

from collections import deque
from collections.abc import Sequence
from functools import partial

import numpy as np

from soundctm.audio import Recipe
from soundctm.doctor.golden import COURSES, SEED, SHORT
from soundctm.doctor.results import Bits
from soundctm.engines.threads import physical_cores
from soundctm.lanes import Batcher, Lanes
from soundctm.model import SoundCTM
from soundctm.performance import Performance


def compare_bits(model: SoundCTM) -> Bits:
    """Takes of several prompts and numbers of steps, alone and in one batch; the first also on one core and on all."""
    seconds = min(SHORT, model.config.seconds)
    recipes = [
        model.recipes(course["prompt"], seed=SEED + i, steps=2 + i % 2, seconds=seconds)[0]
        for i, course in enumerate(COURSES)
    ]
    batcher, usual = Batcher.of(model.device), model.computation.crew(1).cores
    together, alone = (_made(model, recipes, *how) for how in ((len(recipes), usual, batcher), (1, usual, Batcher())))
    same = all(np.array_equal(alone[number], samples) for number, samples in together.items())
    cored = None
    if model.device.type == "cpu" and physical_cores() > 1:
        one, all_ = (_made(model, recipes[:1], 1, count, Batcher())[0] for count in (1, physical_cores()))
        cored = np.array_equal(one, all_)
    return Bits(batch=same, rows=all(batcher.exact.values()), cores=cored)


def _made(
    model: SoundCTM, recipes: Sequence[Recipe], width: int, cores: int, batcher: Batcher
) -> dict[int, np.ndarray]:
    """Samples of takes, ``width`` of them in a batch, on so many cores."""
    engine = model.engine  # one for all, as takes of several networks share no batch
    makers = [partial(Performance, engine, recipe, {}, lambda: None) for recipe in recipes]
    left = deque(enumerate(makers))
    made = {}
    for number, clip in Lanes(width, cores, batcher).run(lambda wait: left.popleft() if left else None):
        if isinstance(clip, Exception):
            raise clip
        made[number] = clip.samples
    return made
