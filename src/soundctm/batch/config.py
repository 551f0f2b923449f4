"""What holds for a whole batch: a TOML file, and what the command line says over it."""

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from soundctm.batch.cells import Cells, by_column, row_of
from soundctm.batch.row import COLUMNS
from soundctm.checks import MAX_SEED
from soundctm.errors import UserError, plain_words


class Files(BaseModel):
    """What stands in files and in their names; ``ucs`` is the path of the list of UCS categories."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    creator: str = ""
    source: str = ""
    project: str = ""
    copyright: str = ""
    day: date | None = Field(default=None, alias="date")
    ucs: Path | None = None


class Forbidden(BaseModel):
    """Lists of forbidden words, and a hook ``module:function``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lists: tuple[Path, ...] = ()
    hook: str | None = None


class Config(BaseModel):
    """``seed`` is that of the sheet; ``defaults`` are values of columns that rows leave out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=0, ge=0, le=MAX_SEED)
    defaults: dict[str, Any] = Field(default_factory=dict)
    files: Files = Field(default_factory=Files)
    forbidden: Forbidden = Field(default_factory=Forbidden)


def read_config(path: Path) -> Config:
    """The settings of a file; paths in it are meant from its folder. Raises :class:`UserError`."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"no such file: {path}; give a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no TOML ({error}); mend it") from error
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        known = ", ".join(_keys(first["loc"])) if first["type"] == "extra_forbidden" else ""
        what = f"is not known; known are {known}" if known else plain_words(first)
        raise UserError(f"{path}, key {key}: {what}") from error
    defaults = checked_defaults(config.defaults, f"{path}, key defaults")
    here = path.parent
    files, forbidden = config.files, config.forbidden
    files = files.model_copy(update={"ucs": None if files.ucs is None else here / files.ucs})
    forbidden = forbidden.model_copy(update={"lists": tuple(here / each for each in forbidden.lists)})
    return config.model_copy(update={"defaults": defaults, "files": files, "forbidden": forbidden})


def _keys(place: tuple[int | str, ...]) -> list[str]:
    parts: dict[str, type[BaseModel]] = {"files": Files, "forbidden": Forbidden}
    return list((parts.get(str(place[0]), Config) if len(place) > 1 else Config).model_fields)


def checked_defaults(defaults: dict[str, Any], where: str) -> dict[str, Any]:
    """The values as a row has them. Raises :class:`UserError` unless one could."""
    try:
        defaults = by_column(defaults)
    except Cells as error:
        raise _unfit(where, error) from error
    for column in defaults:
        if column not in COLUMNS or column in ("prompt", "name"):
            known = ", ".join(name for name in COLUMNS if name not in ("prompt", "name"))
            raise UserError(f"{where}: {column} cannot have a default; known are {known}")
    try:
        row = row_of({"prompt": "rain", "name": "rain"}, strict=False, defaults=defaults)
    except Cells as error:
        raise _unfit(where, error) from error
    values = {**dict(row), **dict(row.gates), **dict(row.delivery)}
    return {column: values[column] for column in defaults}


def _unfit(where: str, error: Cells) -> UserError:
    column, what = error.found[0]
    return UserError(f"{where}, {column}: {what}")


def read_defaults(texts: Sequence[str]) -> dict[str, Any]:
    """``["takes=4"]`` as values by column."""
    defaults: dict[str, Any] = {}
    for text in texts:
        column, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"--default is {text!r}; write COLUMN=VALUE, for example takes=4")
        defaults[column] = int(value) if column == "sample_rate" and value.isdecimal() else value
    return checked_defaults(defaults, "--default")
