"""``soundctm verify``: whether a file is still what its recipe says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from soundctm.cli.common import load_model, on_this_machine, tell_each
from soundctm.cli.options import DeviceOption, EngineOption, JsonOption, MovedOption, SourceOption
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip, Recipe
    from soundctm.delivery import Delivery
    from soundctm.delivery.verify import Verified
    from soundctm.model import SoundCTM

GIVE_IT = "compare it with another file's recipe by --recipe FILE"


def verify(
    files: list[Path] = typer.Argument(help="Sounds to verify.", readable=False),
    model: str = MovedOption,
    recipe: Path = typer.Option(None, help="A file whose recipe they should have, where a conversion has lost it."),
    source: list[Path] = SourceOption,
    device: str = DeviceOption,
    engine: str = EngineOption,
    as_json: bool = JsonOption,
) -> None:
    """Replay the recipe of a sound, and what was done to it, and compare: equal, close (gain, rate, codec), edited, or
    unknown.

    A WAV that another program has cut, like ffmpeg or sox, has lost its recipe and is unknown; with --recipe and the
    file that it was cut from it is edited. The model must be on this machine; one of a hub is fetched for --model only.

    The exit code is 0 where all are equal or close, 1 where one is edited or unknown, 2 where one cannot be read.

    Example:

        soundctm verify delivery/*.wav
    """
    from soundctm.audio import Clip
    from soundctm.folder import locate

    if model is not None:
        locate(model)
    recordings = {clip.digest: clip for clip in map(Clip.load, source)}
    desk = _Desk(_Models(model, device, engine), recordings, *_reference(recipe))
    found = tell_each(files, desk.examine, _say, as_json)
    if any("error" in each for each in found):
        raise typer.Exit(2)
    if any(each["verdict"] not in ("equal", "close") for each in found):
        raise typer.Exit(1)


def _reference(path: Path | None) -> "tuple[Recipe | None, tuple[Delivery, ...]]":
    """The recipe of a file that stands in for those of others, and what was done to its take."""
    from soundctm.audio import Clip
    from soundctm.delivery.reading import read_deliveries

    if path is None:
        return None, ()
    recipe = Clip.load(path).recipe
    if recipe is None:
        raise UserError(f"{path} carries no recipe; give a file that soundctm made")
    return recipe, read_deliveries(path)


class _Models:
    """Models by what recipes name, each loaded once."""

    def __init__(self, moved_to: str | None, device: str, engine: str) -> None:
        self.moved_to, self.device, self.engine = moved_to, device, engine
        self._loaded: dict[tuple[str, str], SoundCTM] = {}

    def of(self, recipe: "Recipe") -> "SoundCTM":
        """The model of a recipe. Nothing is fetched at the word of a file: a model that is not here must be asked for.
        Raises :class:`UserError` where it cannot be loaded."""
        key = (self.moved_to or recipe.model, recipe.precision)
        if key not in self._loaded:
            where = self.moved_to or on_this_machine(recipe.model)
            self._loaded[key] = load_model(where, self.device, self.engine, key[1])
        return self._loaded[key]


@dataclass(frozen=True)
class _Desk:
    """What files are compared with: models, recordings, and the recipe and deliveries that are given for all."""

    models: _Models
    recordings: "Mapping[str, Clip]"
    recipe: "Recipe | None" = None
    deliveries: "tuple[Delivery, ...]" = field(default=())

    def examine(self, path: Path) -> dict[str, Any]:
        """The verdict on a file, for ``--json``. A model that is not here is a verdict too, unless it was asked for."""
        from soundctm.audio import Clip
        from soundctm.delivery.verify import Verified, missing_recipe, verify

        recipe = self.recipe or Clip.load(path).recipe
        if recipe is None:
            return _entry(path, Verified("unknown", (missing_recipe(path), GIVE_IT)))
        try:
            model = self.models.of(recipe)
        except UserError as error:
            if self.models.moved_to is not None:
                raise
            return _entry(path, Verified("unknown", (f"its model cannot be loaded: {error}",)))
        return _entry(path, verify(path, model, self.recordings, recipe, self.deliveries))


def _entry(path: Path, found: "Verified") -> dict[str, Any]:
    numbers = {} if found.figures is None else asdict(found.figures)
    rounded = {key: value if isinstance(value, bool) else round(value, 4) for key, value in numbers.items()}
    return {"file": str(path), "verdict": found.verdict, "reasons": list(found.reasons), "figures": rounded or None}


def _say(found: dict[str, Any]) -> None:
    reasons = "; ".join(found["reasons"])
    Console(soft_wrap=True, highlight=False).print(f"{found['verdict']:8}{found['file']}   {reasons}", markup=False)
