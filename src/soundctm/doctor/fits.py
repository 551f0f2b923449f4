"""How long a take, and how many of them at once, fit into memory: a line through peaks that were measured.

Each peak is that of a process of its own (:mod:`soundctm.benchmark.fresh`), at sizes that fit easily.
"""

from collections.abc import Callable

from soundctm.benchmark.fresh import measure_fresh
from soundctm.benchmark.results import Fresh
from soundctm.benchmark.settings import Settings
from soundctm.checks import LONGEST, MAX_TAKES
from soundctm.config import ModelConfig
from soundctm.doctor.results import Fit, Row

FEW = 4  # takes at once that are tried
BEYOND = 2.0  # times the model's longest sound that is tried: in windows, as are all that are longer
SHARE = 0.9  # of the free memory that may be taken
BYTES = 4  # of a sample


def measure_fit(
    row: Row, name: str, config: ModelConfig, busy: int, free: int | None, tick: Callable[[], None]
) -> tuple[Fresh, Fit]:
    """A first take of a row, and the line; ``busy`` takes work at the same time, however many are asked for. ``tick()``
    comes before each of three processes. Raises :class:`soundctm.errors.UserError` where memory runs out all the same.
    """

    def peak(takes: int, seconds: float) -> Fresh:
        tick()
        settings = Settings(
            model=name, steps=(1,), takes=takes, seconds=seconds, device=row.device, engine=row.engine,
            precision=row.precision,
        )  # fmt: skip
        return measure_fresh(settings, "ours")

    seconds, longer, more = config.seconds, min(LONGEST, BEYOND * config.max_seconds), min(FEW, busy)
    first, long, many = peak(1, seconds), peak(1, longer), peak(more, seconds)
    per_second = max(0, held(long) - held(first)) / max(longer - seconds, 1e-9)
    per_take = max(0, held(many) - held(first)) / max(1, more - 1)
    result = BYTES * round(seconds * config.autoencoder.sample_rate)
    limit = None if free is None else int(SHARE * free)
    return first, line(held(first), per_second, per_take, limit, seconds, busy, result)


def held(found: Fresh) -> int:
    """Bytes where memory is scarce: on the GPU if there is one."""
    return found.device_memory or found.memory or 0


def line(
    base: int, per_second: float, per_take: float, limit: int | None, seconds: float, busy: int, result: int
) -> Fit:
    """What fits into ``limit`` bytes. What is made beyond the ``busy`` takes at work costs ``result`` bytes each, its
    samples."""
    if limit is None:
        return Fit(base=base, per_second=per_second, per_take=per_take, limit=None, seconds=None, takes=None)
    spare = limit - base
    longest, takes = 0.0, 0
    if spare >= 0:
        longest = min(LONGEST, seconds + spare / max(per_second, 1.0))
        takes = 1 + min(busy - 1, int(spare / max(per_take, 1.0)))
        if takes == busy:
            takes = min(MAX_TAKES, busy + int((spare - (busy - 1) * per_take) / result))
    return Fit(base=base, per_second=per_second, per_take=per_take, limit=limit, seconds=longest, takes=takes)
