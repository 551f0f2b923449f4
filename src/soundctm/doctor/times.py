"""How long a take lasts, once the machine is warm."""

import statistics
import time
from collections.abc import Callable

from soundctm.benchmark.clock import synchronise
from soundctm.benchmark.prompts import fresh_prompts
from soundctm.doctor.results import Times
from soundctm.model import SoundCTM

REPEATS, PATIENCE = 7, 2.0  # warm calls of one kind, and the seconds after which there are no more
LONG, SLOW = 16, 5.0  # steps of a refined take; seconds that it may last to be measured
SHORTER = 4  # steps that are measured in place of a take that would last longer
COLD = 2  # calls that do not count: an engine may compile in the first and record CUDA graphs in the second


def measure_times(model: SoundCTM) -> Times:
    """Medians of some calls of the default length, each with a prompt of its own."""
    prompts = fresh_prompts()

    def call(steps: int) -> float:
        synchronise(model.device)
        start = time.perf_counter()
        model.generate(next(prompts), steps=steps, seed=0)
        synchronise(model.device)
        return time.perf_counter() - start

    for _ in range(COLD if model.device.type == "cuda" else 1):
        call(1)
    one = _median(lambda: call(1))
    steps = LONG if LONG * one < SLOW else SHORTER
    more = _median(lambda: call(steps))
    return Times(one=one, sixteen=one + (LONG - 1) * max(0.0, more - one) / (steps - 1), measured=steps)


def _median(call: Callable[[], float]) -> float:
    spent: list[float] = []
    while len(spent) < REPEATS and sum(spent) < PATIENCE:
        spent.append(call())
    return statistics.median_low(spent)
