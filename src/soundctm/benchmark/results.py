"""What a benchmark found. Times are seconds, rates operations per second, memory bytes."""

import statistics
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from soundctm.benchmark.settings import Name, Settings


class Facts(BaseModel):
    """Base of all results: frozen, and nothing unforeseen in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Spread(Facts):
    """Quartiles and extremes. ``median`` is the lower one where the count is even: a value that was measured."""

    median: float
    p25: float
    p75: float
    min: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        p25, p75 = np.percentile(values, [25, 75])
        middle = statistics.median_low(values)
        return cls(
            median=middle, p25=min(float(p25), middle), p75=max(float(p75), middle), min=min(values), max=max(values)
        )


class Stages(Facts):
    """Parts of one call, which add up to ``total``; ``per_step`` is the sampler's share of each step."""

    total: float
    text: float
    sampler: float
    per_step: float
    decoder: float
    rest: float


class Floor(Facts):
    """What the counted operations alone would take at the peak rate."""

    total: float
    text: float
    sampler: float
    per_step: float
    decoder: float


class VariantResult(Facts):
    """One path at one number of steps.

    ``first``: its first call in the process that measures; ``times``: all warm calls, in order; ``stages``: of the call
    with the median time; ``flops``: operations of all takes; ``over_floor``: median over the floor of what our path
    needs; ``ratio``: how many times as long the naive path takes, call by call; ``difference``: how far its sound is
    from the naive one, as a share of its norm; ``realtime``: seconds of sound made per second.
    """

    path: Name
    steps: int
    first: float
    times: tuple[float, ...]
    spread: Spread
    stages: Stages
    flops: float
    floor: Floor
    over_floor: float
    ratio: Spread | None
    difference: float | None
    realtime: float


class Fresh(Facts):
    """One take in a process of its own: from its start until the model is ready, the first take, and the most memory
    that it ever held (``device_memory`` on a GPU)."""

    path: Name
    steps: int
    ready: float
    first: float
    memory: int | None
    device_memory: int | None


class Machine(Facts):
    """Where it was measured; ``load`` is the average of the last minute before it began."""

    platform: str
    cpu: str
    cores: int
    threads: int
    memory: int | None
    device: str
    device_name: str
    load: float | None
    versions: dict[str, str]


class Model(Facts):
    """What was measured."""

    name: str
    hash: str
    parameters: dict[str, int]
    sample_rate: int
    seconds: float
    frames: int


class Report(Facts):
    """Everything; ``flops`` are operations of the parts of one take, ``multiplied`` the precision that each stage
    multiplies in, ``peaks`` rates by precision."""

    format_version: Literal[1] = 1
    command: tuple[str, ...]
    settings: Settings
    machine: Machine
    warnings: tuple[str, ...]
    model: Model
    flops: dict[str, int]
    multiplied: dict[str, str]
    peaks: dict[str, float]
    fresh: tuple[Fresh, ...]
    variants: tuple[VariantResult, ...]
