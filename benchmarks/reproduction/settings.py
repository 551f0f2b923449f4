"""What a reproduction is made with: fixed for a folder when it is begun."""

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from reproduction.files import read_json, write_json
from reproduction.variants import CONFIG, SMALL_GAN, all_settings
from soundctm.errors import UserError
from soundctm.folder import folder_hash, locate
from soundctm.metrics.evaluator import SHIPPED
from soundctm.training.config import StudentTraining, read_config
from soundctm.training.gan import GanLoss

FILE = "settings.json"
CLIPS, TAKES, GRID_TAKES = 4000, 224, 112  # at scale 1
SHARD = 250  # clips of one data piece


class Settings(BaseModel):
    """Sizes and hashes. ``clips`` are trained on, ``takes`` are made under every setting (``grid_takes`` in a cell of
    the grid), each for a clip of the reference set, which holds ``reference`` clips."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scale: float = Field(gt=0)
    model: str
    model_hash: str
    teacher_hash: str
    evaluator_hash: str
    versions: dict[str, str]
    training: dict[str, Any]
    gan: dict[str, Any]
    measured: list[str]
    clips: int
    steps: int
    takes: int
    grid_takes: int
    reference: int

    @field_validator("training")
    @classmethod
    def _whole_training(cls, given: dict[str, Any]) -> dict[str, Any]:
        """A training from before an option existed was one with the option's default."""
        return StudentTraining.model_validate(given).model_dump(mode="json")

    @field_validator("gan")
    @classmethod
    def _whole_gan(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The same of its GAN loss."""
        return GanLoss.model_validate(given).model_dump(mode="json")

    @property
    def shards(self) -> int:
        """Data pieces."""
        return -(-self.clips // SHARD)


def file_hash(path: Path) -> str:
    """The first 16 hex digits of a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def package_version() -> str:
    """Of soundctm; a source tree that was never installed has none."""
    try:
        return version("soundctm")
    except PackageNotFoundError:
        return "source tree"


def settings_for(model: str, scale: float) -> Settings:
    """Today's settings. Raises UserError for a model without a teacher or a scale that is not positive."""
    if not scale > 0:
        raise UserError(f"--scale is {scale:g}; it multiplies all budgets and must be above 0")
    folder = locate(model)
    if not (folder / "teacher.safetensors").exists():
        raise UserError(f"{folder} has no teacher.safetensors to distil from; give --model a folder that has one")
    training = read_config(CONFIG, StudentTraining)
    takes = max(8, round(TAKES * scale))
    return Settings(
        scale=scale, model=str(folder.resolve()) if Path(model).is_dir() else model, model_hash=folder_hash(folder),
        teacher_hash=file_hash(folder / "teacher.safetensors"),
        evaluator_hash=file_hash(SHIPPED / "evaluator.safetensors"),
        versions={"soundctm": package_version(), "torch": torch.__version__, "numpy": numpy.__version__},
        training=training.model_dump(mode="json"), gan=SMALL_GAN.model_dump(mode="json"),
        measured=all_settings(),
        clips=max(32, round(CLIPS * scale)), steps=max(2, round((training.steps or 1) * scale)), takes=takes,
        grid_takes=max(4, min(takes, round(GRID_TAKES * scale))), reference=3 * takes,
    )  # fmt: skip


def read_settings(out: Path) -> Settings:
    """The settings of a folder. Raises UserError when the file is not one of this program."""
    try:
        return Settings.model_validate(read_json(out / FILE))
    except ValidationError as error:
        raise UserError(f"{out / FILE} is of another version of this program; choose another --out") from error


def settle(out: Path, settings: Settings) -> Settings:
    """Write the settings of a new folder, or check that an existing one goes with them."""
    if (out / FILE).exists():
        _check(out, read_settings(out), settings)
    write_json(out / FILE, settings.model_dump(mode="json"))
    return settings


def _check(out: Path, old: Settings, new: Settings) -> None:
    """Raises UserError where a folder's settings are others than today's, but for ``measured``: takes that are asked
    for later are made with what is there."""
    before, now = (each.model_dump(mode="json", exclude={"measured"}) for each in (old, new))
    changed = [f"{name} (was {before[name]}, is {now[name]})" for name in now if before[name] != now[name]]
    if changed:
        raise UserError(
            f"{out} was begun with another {'; '.join(changed)}; go on with the same settings, or choose another --out"
        )
