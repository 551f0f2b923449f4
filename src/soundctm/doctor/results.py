"""What the doctor found. Times are seconds, memory bytes."""

from typing import Literal

from soundctm.audio.recipe import Precision
from soundctm.benchmark.results import Facts, Fresh, Machine, Model
from soundctm.engines import EngineName

Verdict = Literal["pass", "off", "failed", "unchecked", "unavailable"]


class Gpu(Facts):
    """A GPU; ``capability`` is NVIDIA's compute capability ("9.0"), empty elsewhere; ``free`` of its ``memory``."""

    device: str
    name: str
    capability: str
    memory: int | None
    free: int | None


class Host(Facts):
    """This machine. ``instructions``: those that matter and are there, None where the system does not say;
    ``torch_uses``: the widest that PyTorch's own kernels take; ``memory_free``: for a new process; ``swap_used``;
    ``threading``: variables of the environment that govern threads, None where unset."""

    machine: Machine
    instructions: tuple[str, ...] | None
    torch_uses: str
    memory_free: int | None
    swap_used: int | None
    threading: dict[str, str | None]
    gpus: tuple[Gpu, ...]


class References(Facts):
    """The stored references: "good" (of these weights), "stale" (of other weights) or "missing"; ``model_hash`` is that
    of the model folder they were made from."""

    state: Literal["good", "stale", "missing"]
    model_hash: str | None
    words: str


class Check(Facts):
    """One comparison with a reference. ``error`` None: no numbers came out (NaN or infinite)."""

    name: str
    unit: Literal["relative", "dB"]
    error: float | None
    tolerance: float

    @property
    def ok(self) -> bool:
        return self.error is not None and self.error <= self.tolerance


class Bits(Facts):
    """Whether a take is to the last bit the same alone and in a batch; whether the kernels give a row of a batch as
    they give it alone, so that batches are used; whether a take is the same on one core and on all (None where there is
    no choice)."""

    batch: bool
    rows: bool
    cores: bool | None


class Times(Facts):
    """Warm seconds of a take of the model's default length in 1 and in 16 steps. ``measured``: steps of the longer
    call; where it is not 16, ``sixteen`` is drawn out along a line."""

    one: float
    sixteen: float
    measured: int


class Fit(Facts):
    """A line through measured peaks of memory: ``base`` for one take of the default length, ``per_second`` of more
    length, ``per_take`` made at the same time. With ``limit`` bytes free, ``seconds`` is the longest take and ``takes``
    the most at once that fit, 0 where none does, within what the program accepts; None where ``limit`` is not known."""

    base: int
    per_second: float
    per_take: float
    limit: int | None
    seconds: float | None
    takes: int | None


class Row(Facts):
    """One device, engine and precision. ``words``: why it is not available, or how far it is off and what to do."""

    device: str
    engine: EngineName
    precision: Precision
    verdict: Verdict
    words: str = ""
    checks: tuple[Check, ...] = ()
    bits: Bits | None = None
    times: Times | None = None
    fresh: Fresh | None = None
    fit: Fit | None = None

    @property
    def available(self) -> bool:
        """Whether it gives sounds here, right or wrong."""
        return self.verdict in ("pass", "off", "unchecked")


class Diagnosis(Facts):
    """Everything. ``healthy``: no row that is to be had here is off or failed, and no reference is stale."""

    format_version: Literal[1] = 1
    command: tuple[str, ...]
    healthy: bool
    model: Model
    host: Host
    references: References
    rows: tuple[Row, ...]
    warnings: tuple[str, ...]
    advice: str
