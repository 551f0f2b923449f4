"""What a training is made of: typed configurations, each default written once, unknown keys are errors."""

import tomllib
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from soundctm.backbones.dit import DiTConfig
from soundctm.errors import UserError
from soundctm.training.distances import DistanceName, Layers
from soundctm.training.gan import GanLoss
from soundctm.training.loop import WARMUP, Schedule
from soundctm.training.optimizers import OptimizerConfig
from soundctm.training.precision import Precision

CONFIGS = Path(__file__).parent.parent / "configs"


class Frozen(BaseModel):
    """A part of a configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoiseLevels(Frozen):
    """``ln sigma ~ N(mean, std^2)``; the defaults are the paper's (appendix D)."""

    mean: float = -1.2
    std: float = Field(default=1.2, gt=0)


class Budget(Frozen):
    """How long a training takes: ``steps``, or ``minutes`` on a machine of unknown speed."""

    steps: PositiveInt | None = None
    minutes: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_budget(self) -> "Budget":
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("a training takes either steps or minutes")
        return self


class Training(Budget):
    """What every training of a backbone has. ``batch`` clips make one step, over all processes together, in
    ``accumulate`` parts; ``drop_caption`` of the captions become the empty one, for guidance. ``checkpointing``
    computes blocks again instead of keeping them, ``compiled`` puts each block through torch.compile. ``schedule`` of
    the learning rate: after a linear warm-up over the share ``warmup`` of the budget "constant", or half a cosine down
    to 2 %. Weights of losses are found for each part on its own.
    """

    batch: PositiveInt
    accumulate: PositiveInt = 1
    precision: Precision = "bf16"
    seed: int = Field(default=0, ge=0)
    schedule: Schedule = "cosine"
    warmup: float = Field(default=WARMUP, ge=0, lt=1)
    drop_caption: float = Field(default=0.1, ge=0, le=1)
    optimizer: OptimizerConfig
    noise: NoiseLevels = NoiseLevels()
    checkpointing: bool = False
    compiled: bool = False

    @model_validator(mode="after")
    def _parts_fit(self) -> "Training":
        if self.batch % self.accumulate:
            raise ValueError(f"batch {self.batch} is not a multiple of accumulate {self.accumulate}")
        return self


class TeacherTraining(Training):
    """EDM denoising score matching (appendix D.2); ``ema`` is the rate of the weights that are kept. ``start``
    "teacher" goes on with a trained one."""

    kind: Literal["teacher"] = "teacher"
    ema: float = Field(default=0.999, ge=0, lt=1)
    start: Literal["scratch", "teacher"] = "scratch"
    backbone: DiTConfig

    @model_validator(mode="after")
    def _is_a_teacher(self) -> "TeacherTraining":
        if self.backbone.role != "teacher":
            raise ValueError(f'the role of the backbone is "{self.backbone.role}"; a teacher needs role = "teacher"')
        return self


def _check_ranges(omega_min: float, omega_max: float, sigma_min: float, sigma_max: float) -> None:
    if omega_min > omega_max or sigma_min >= sigma_max:
        raise ValueError("omega_min must not exceed omega_max, and sigma_min must be below sigma_max")


class StudentTraining(Training):
    """Trajectory distillation, Algorithm 2 and appendix D; symbols as there.

    ``max_solver_steps`` counts intervals of the grid between t and u, drawn evenly ("uniform"), in proportion to their
    number ("long", an option of the official code) or to its inverse ("short"). ``solver_stride`` of them make one Heun
    step: 1 in the paper, and the cost of a training step falls with it. ``from_top`` and ``to_end`` are the shares of
    jumps that begin at the highest level and that end at the lowest whatever else is drawn, 0 in the paper: a take in
    one step does both, and among evenly drawn jumps such ones are rare. ``dsm_weight`` multiplies the DSM loss's
    adaptive weight, 1 in the paper: less of it favours few steps, at a cost to many (docs/reproduction.md). ``mu`` is
    the rate of the target network, ``ema`` of the weights that are kept. ``start`` says whose weights the student
    begins with; "student" goes on with a trained one.
    """

    kind: Literal["student"] = "student"
    grid_points: int = Field(default=40, ge=3)
    max_solver_steps: PositiveInt = 39
    solver_draw: Literal["uniform", "long", "short"] = "uniform"
    solver_stride: PositiveInt = 1
    from_top: float = Field(default=0.0, ge=0, le=1)
    to_end: float = Field(default=0.0, ge=0, le=1)
    omega_min: float = 2.0
    omega_max: float = 5.0
    mu: float = Field(default=0.96, ge=0, lt=1)
    ema: float = Field(default=0.995, ge=0, lt=1)
    sigma_min: float = Field(default=0.002, gt=0)
    sigma_max: float = Field(default=80.0, gt=0)
    rho: float = Field(default=7.0, gt=0)
    distance: DistanceName = "teacher"
    layers: Layers = "all"
    dsm: bool = True
    dsm_weight: float = Field(default=1.0, gt=0)
    gan: GanLoss | None = None
    start: Literal["teacher", "scratch", "student"] = "teacher"

    @model_validator(mode="after")
    def _draws_fit(self) -> "StudentTraining":
        if self.max_solver_steps >= self.grid_points:
            raise ValueError(f"max_solver_steps {self.max_solver_steps} must be below grid_points {self.grid_points}")
        _check_ranges(self.omega_min, self.omega_max, self.sigma_min, self.sigma_max)
        return self


class Recording(Budget):
    """Trajectories of a teacher, solved once for students to learn from (:mod:`soundctm.training.trajectories`).

    A step is ``batch`` of them, from pure noise to ``sigma_min`` in ``solver_steps`` guided Heun steps, with ``omega``
    drawn evenly for each; every ``keep_every``-th level is written. ``drop_caption`` of the captions are empty.
    """

    kind: Literal["trajectories"] = "trajectories"
    batch: PositiveInt = 32
    solver_steps: PositiveInt = 18
    keep_every: PositiveInt = 2
    omega_min: float = 1.0
    omega_max: float = 4.0
    drop_caption: float = Field(default=0.0, ge=0, le=1)
    precision: Precision = "bf16"
    seed: int = Field(default=0, ge=0)
    sigma_min: float = Field(default=0.002, gt=0)
    sigma_max: float = Field(default=80.0, gt=0)
    rho: float = Field(default=7.0, gt=0)

    @model_validator(mode="after")
    def _draws_fit(self) -> "Recording":
        if self.solver_steps % self.keep_every:
            raise ValueError(f"solver_steps {self.solver_steps} is not a multiple of keep_every {self.keep_every}")
        _check_ranges(self.omega_min, self.omega_max, self.sigma_min, self.sigma_max)
        return self


class FollowTraining(Training):
    """A student goes on by trajectories that its teacher has gone: no solver, no target network.

    ``from_top`` of the jumps begin at the highest level and ``to_end`` of them end at the lowest, whatever else is
    drawn; ``sigma_min``, ``sigma_max`` and ``rho`` are those of the recording. ``dsm_weight`` multiplies the DSM loss,
    with ``omega_min`` to ``omega_max`` said to the student there.
    """

    kind: Literal["follow"] = "follow"
    from_top: float = Field(default=0.4, ge=0, le=1)
    to_end: float = Field(default=0.4, ge=0, le=1)
    dsm_weight: float = Field(default=0.25, ge=0)
    omega_min: float = 1.0
    omega_max: float = 5.0
    ema: float = Field(default=0.999, ge=0, lt=1)
    sigma_min: float = Field(default=0.002, gt=0)
    sigma_max: float = Field(default=80.0, gt=0)
    rho: float = Field(default=7.0, gt=0)
    start: Literal["student"] = "student"

    @model_validator(mode="after")
    def _draws_fit(self) -> "FollowTraining":
        _check_ranges(self.omega_min, self.omega_max, self.sigma_min, self.sigma_max)
        return self


Read = TypeVar("Read", bound=BaseModel)


def shipped_configs() -> list[str]:
    """Names of the configurations in the package, ``PRESET/PART``."""
    return sorted(str(path.relative_to(CONFIGS).with_suffix("")) for path in CONFIGS.rglob("*.toml"))


def config_path(reference: str) -> Path:
    """The file of a shipped name such as ``mini/teacher``, or the path itself."""
    shipped = CONFIGS / f"{reference}.toml"
    if shipped.is_file():
        return shipped
    path = Path(reference)
    if not path.is_file():
        raise UserError(
            f"there is no configuration {reference}; give a TOML file, or one of {', '.join(shipped_configs())}"
        )
    return path


def read_config(reference: str, kind: type[Read]) -> Read:
    """A configuration from a TOML file or by a shipped name; a UserError names the first wrong key."""
    path = config_path(reference)
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(f"cannot read configuration {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        raise UserError(f"{path}: {_worst(error)}; see docs/training.md for the accepted keys") from error


def _worst(error: ValidationError) -> str:
    """What is wrong with a configuration, in words: another kind of training, then unknown keys, wrong values and
    missing ones."""
    order = {"extra_forbidden": 1, "missing": 3}
    first = min(error.errors(), key=lambda e: 0 if e["loc"] == ("kind",) else order.get(e["type"], 2))
    key = ".".join(str(part) for part in first["loc"]) or "the file"
    said = {"extra_forbidden": "is not a known key", "missing": "is missing"}
    return f"{key} {said.get(first['type'], 'is wrong: ' + first['msg'])}"
