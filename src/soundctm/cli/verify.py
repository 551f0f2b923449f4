"""``soundctm verify``: whether a file is still what its recipe says."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from soundctm.cli.common import load_model
from soundctm.cli.options import DeviceOption, EngineOption, JsonOption, MovedOption, SourceOption
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip, Recipe
    from soundctm.delivery.verify import Verified
    from soundctm.model import SoundCTM


def verify(
    files: list[Path] = typer.Argument(help="Sounds to verify."),
    model: str = MovedOption,
    recipe: Path = typer.Option(None, help="A file whose recipe they should have, where a conversion has lost it."),
    source: list[Path] = SourceOption,
    device: str = DeviceOption,
    engine: str = EngineOption,
    as_json: bool = JsonOption,
) -> None:
    """Replay the recipe of a sound and compare: equal, close (gain, rate, codec), edited, or unknown.

    Example:

        soundctm verify delivery/*.wav
    """
    from soundctm.audio import Clip

    wanted = None
    if recipe is not None and (wanted := Clip.load(recipe).recipe) is None:
        raise UserError(f"{recipe} carries no recipe; give a file that soundctm made")
    recordings = {clip.digest: clip for clip in map(Clip.load, source)}
    models = _Models(model, device, engine)
    _say((_one(path, models, recordings, wanted) for path in files), as_json)


class _Models:
    """Models by what recipes name, each loaded once."""

    def __init__(self, moved_to: str | None, device: str, engine: str) -> None:
        self.moved_to, self.device, self.engine = moved_to, device, engine
        self._loaded: dict[tuple[str, str], SoundCTM] = {}

    def of(self, recipe: "Recipe") -> "SoundCTM":
        key = (self.moved_to or recipe.model, recipe.precision)
        if key not in self._loaded:
            self._loaded[key] = load_model(key[0], self.device, self.engine, key[1])
        return self._loaded[key]


def _one(path: Path, models: _Models, recordings: "Mapping[str, Clip]", wanted: "Recipe | None") -> dict[str, Any]:
    """The verdict on a file, for ``--json``. A model that is not here is a verdict too, unless it was asked for."""
    from soundctm.audio import Clip
    from soundctm.delivery.verify import Verified, verify

    recipe = wanted or Clip.load(path).recipe
    if recipe is None:
        return _entry(path, Verified("unknown", ("it carries no recipe: not made by soundctm, or it was lost",)))
    try:
        model = models.of(recipe)
    except UserError as error:
        if models.moved_to is not None:
            raise
        return _entry(path, Verified("unknown", (f"its model cannot be loaded: {error}",)))
    return _entry(path, verify(path, model, recordings, recipe))


def _entry(path: Path, found: "Verified") -> dict[str, Any]:
    numbers = {} if found.figures is None else asdict(found.figures)
    rounded = {key: value if isinstance(value, bool) else round(value, 4) for key, value in numbers.items()}
    return {"file": str(path), "verdict": found.verdict, "reasons": list(found.reasons), "figures": rounded or None}


def _say(results: Iterable[dict[str, Any]], as_json: bool) -> None:
    """Say the verdicts, each as it falls."""
    if as_json:
        sys.stdout.write(json.dumps({"files": list(results)}) + "\n")
        return
    console = Console(soft_wrap=True, highlight=False)
    for found in results:
        console.print(f"{found['verdict']:8}{found['file']}   {'; '.join(found['reasons'])}", markup=False)
