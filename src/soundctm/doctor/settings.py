"""What to examine."""

from typing import get_args

from pydantic import BaseModel, ConfigDict

from soundctm.audio.recipe import Precision
from soundctm.checks import check_device
from soundctm.doctor.host import devices
from soundctm.engines import EngineName, EngineOptions
from soundctm.errors import UserError

ALL = "all"
ENGINES: tuple[EngineName, ...] = ("eager", "compiled", "onnx")  # "auto" is one of them


class Settings(BaseModel):
    """``model``: a shipped model, a folder, a hub id or a preset of the benchmark; ``device``, ``engine`` and
    ``precision``: one, or "all"; ``quick``: golden checks alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = "mini"
    device: str = ALL
    engine: str = ALL
    precision: str = ALL
    quick: bool = False

    @property
    def devices(self) -> tuple[str, ...]:
        """Those to look at."""
        return devices() if self.device == ALL else (self.device,)

    @property
    def options(self) -> tuple[EngineOptions, ...]:
        """Engines and precisions to look at, whether they are to be had here or not."""
        engines = ENGINES if self.engine == ALL else (self.engine,)
        precisions = get_args(Precision) if self.precision == ALL else (self.precision,)
        return tuple(EngineOptions(engine, precision) for engine in engines for precision in precisions)  # type: ignore[arg-type]


def check_settings(settings: Settings) -> None:
    """Raise :class:`soundctm.errors.UserError` with the first thing that is not known here."""
    for device in settings.devices:
        check_device(device)
    for name, kinds in (("engine", ENGINES), ("precision", get_args(Precision))):
        value = getattr(settings, name)
        if value not in (ALL, *kinds):
            hint = "; auto takes one of these, so leave --engine out to see them all" if value == "auto" else ""
            raise UserError(f"{name} is {value!r}; accepted are {', '.join((ALL, *kinds))}{hint}")
