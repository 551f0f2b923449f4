"""What decides the content of a prepared folder."""

from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from soundctm.errors import UserError

Format = Literal["table", "audiocaps", "sidecar", "esc50", "esc10", "tar"]
FORMATS: tuple[Format, ...] = ("table", "audiocaps", "sidecar", "esc50", "esc10", "tar")
FOLDS = frozenset(range(1, 6))


class Settings(BaseModel):
    """How clips are made. ``silence_db`` is the peak in dBFS below which a clip counts as silent; ``shard_size`` clips
    are one shard (64 clips of 10 s, mono, 44.1 kHz are 56 MB, which are held in memory while it fills); ``mixtures``
    clips are mixed of two others at the end, drawn by ``seed``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: float = Field(default=10.0, ge=0.01, le=3600, allow_inf_nan=False)
    sample_rate: int = Field(default=44100, ge=1000, le=384000)
    channels: Literal["mono", "stereo"] = "mono"
    silence_db: float = Field(default=-60.0, ge=-200, le=0)
    shard_size: int = Field(default=64, ge=1, le=100_000)
    mixtures: int = Field(default=0, ge=0)
    seed: int = Field(default=0, ge=0, lt=2**32)

    @property
    def length(self) -> int:
        """Samples of a clip."""
        return max(1, round(self.seconds * self.sample_rate))

    @property
    def channel_count(self) -> int:
        return 1 if self.channels == "mono" else 2


class SourceOptions(BaseModel):
    """How a source is read. ``audio`` is the folder that file names of a table count from (None: the table's own);
    ``licence`` is for items that name none; ``esc10`` and ``folds`` (empty: all) select from ESC-50 and ESC-10."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format | None = None
    audio: Path | None = None
    licence: str = "unknown"
    esc10: bool = False
    folds: frozenset[int] = frozenset()


Checked = TypeVar("Checked", bound=BaseModel)


def checked(kind: type[Checked], values: dict[str, Any]) -> Checked:
    """The settings, with the first wrong value as a :class:`UserError`."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{key}: got {first['input']!r}; {first['msg'][0].lower() + first['msg'][1:]}") from error
