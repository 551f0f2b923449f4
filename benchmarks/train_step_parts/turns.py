"""One process's turn: it builds one variant, warms up, and times the steps that it is told to take."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict

from soundctm.backbones import DiT, DiTConfig
from soundctm.benchmark.clock import Stopwatch, Timing
from soundctm.benchmark.fresh import device_memory, peak_memory, told_alone
from soundctm.benchmark.results import Facts
from soundctm.training.config import StudentTraining, TeacherTraining, read_config
from soundctm.training.draws import generator_of, solver_steps
from soundctm.training.loop import Figures
from soundctm.training.student import StudentTask
from soundctm.training.world import World
from train_step_parts.official import OfficialStep
from train_step_parts.sources import Cached, Clips, Encoding, PaperEncoders, Shape

SIZES = {"paper-44k-dit-1b": (432, 1), "mini": (216, 12), "smoke": (216, 12)}  # latent frames, text tokens
DRAWN = 1000  # steps from which those to be timed are chosen
WARMUP = 2  # steps before the first one that is timed: compilation, the optimiser's state


@dataclass(frozen=True)
class Variant:
    """A way to compute a step: ours with ``changes`` to the preset's configuration, or the official one."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    encodes: bool = False
    official: bool = False


OFFICIAL = "official style"
VARIANTS = {
    OFFICIAL: Variant(encodes=True, official=True),
    "encoders in the step": Variant(encodes=True),
    "cached": Variant(),
    "cached, float32": Variant({"precision": "fp32"}),
    "cached, checkpointing": Variant({"checkpointing": True}),
    "cached, compiled": Variant({"compiled": True}),
}


class Job(BaseModel):
    """What is measured, the same for all variants."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: str
    depth: int | None
    batch: int
    device: str
    threads: int

    @property
    def backbone(self) -> DiTConfig:
        """Of the teacher."""
        backbone = read_config(f"{self.preset}/teacher", TeacherTraining).backbone
        return backbone if self.depth is None else backbone.model_copy(update={"depth": self.depth})

    @property
    def shape(self) -> Shape:
        """Of a clip."""
        frames, tokens = SIZES[self.preset]
        return Shape(self.backbone.channels, frames, tokens, self.backbone.context_dim)

    def config(self, variant: Variant) -> StudentTraining:
        """The preset's student in one part, without its savings of memory."""
        settings = read_config(f"{self.preset}/student", StudentTraining).model_dump()
        ours = {"batch": self.batch, "accumulate": 1, "checkpointing": False, "compiled": False}
        return StudentTraining.model_validate(settings | ours | dict(variant.changes))


class Task(BaseModel):
    """A turn: the steps ``indices`` of a variant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job: Job
    variant: str
    warmup: tuple[int, ...]
    indices: tuple[int, ...]


class Turn(Facts):
    """Seconds of each step, and those of it in the encoders; the most bytes that the process held."""

    seconds: tuple[float, ...]
    text: tuple[float, ...]
    autoencoder: tuple[float, ...]
    memory: int | None
    device_memory: int | None


@dataclass(frozen=True)
class Chosen:
    """Steps to take, from the fewest solver steps to the most, and those to warm up with."""

    warmup: tuple[int, ...]
    indices: tuple[int, ...]
    solver_steps: tuple[int, ...]


def choose(config: StudentTraining, count: int) -> Chosen:
    """``count`` steps whose numbers of solver steps are the evenly spaced quantiles of what is drawn in training: a
    step's time goes by that number, so few steps then cost on average what many would."""
    drawn = {index: solver_steps(config, generator_of(config.seed, index, 0)) for index in range(DRAWN)}
    ranked = sorted(drawn, key=lambda index: drawn[index])
    indices = tuple(ranked[int((i + 0.5) / count * DRAWN)] for i in range(count))
    return Chosen(tuple(ranked[:WARMUP]), indices, tuple(drawn[index] for index in indices))


def stepper(job: Job, variant: Variant, watch: Stopwatch) -> Callable[[int], Figures]:
    """What takes one step."""
    device, shape, config = torch.device(job.device), job.shape, job.config(variant)
    torch.manual_seed(0)
    teacher = DiT(job.backbone)
    encoders = PaperEncoders(device, watch) if variant.encodes else None
    if encoders is not None and variant.official:
        official, clips = OfficialStep(config, teacher, encoders, encoders.empty), Clips(encoders, shape.frames)
        return lambda index: official.step(*clips(index, job.batch), index)
    source = Cached(shape) if encoders is None else Encoding(shape, encoders)
    ours = StudentTask(config, teacher, source, World.join(job.device))
    return lambda index: ours.step(index, 0.5)


def finite(figures: Figures) -> None:
    """Raise unless a step has computed numbers: another path might be taken without."""
    if not all(math.isfinite(value) for value in figures.values()):
        raise FloatingPointError(f"the step's figures are not finite: {figures}")


def measure(task: Task) -> Turn:
    """Take the turn in this process."""
    torch.set_num_threads(task.job.threads)
    device = torch.device(task.job.device)
    watch = Stopwatch(device)
    step = stepper(task.job, VARIANTS[task.variant], watch)
    for index in task.warmup:
        finite(step(index))

    def timed(index: int) -> Timing:
        return watch.measure(lambda: finite(step(index)))

    timings = [timed(index) for index in task.indices]
    return Turn(
        seconds=tuple(timing.total for timing in timings), text=tuple(timing.text for timing in timings),
        autoencoder=tuple(timing.decoder for timing in timings), memory=peak_memory(),
        device_memory=device_memory(device),
    )  # fmt: skip


def run(script: str, task: Task) -> Turn:
    """Take the turn in a process of its own, ``script --turn TASK``."""
    hint = "take fewer blocks with --depth, or leave this variant out with --variants"
    line = told_alone([script, "--turn", task.model_dump_json()], f"the process of {task.variant!r}", hint)
    return Turn.model_validate_json(line)
