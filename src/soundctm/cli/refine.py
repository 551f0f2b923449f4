"""``soundctm refine``: the same take, better."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from soundctm.cli.common import counted, load_model, named_model, output_folder, progress, report, save_clip
from soundctm.cli.options import (
    DeviceOption,
    EngineOption,
    JsonOption,
    KeptPrecisionOption,
    MovedOption,
    SourceOption,
    StepsOption,
)
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip


def refine(
    files: list[Path] = typer.Argument(help="WAV files that soundctm made."),
    steps: int = StepsOption,
    model: str = MovedOption,
    source: list[Path] = SourceOption,
    device: str = DeviceOption,
    engine: str = EngineOption,
    precision: str = KeptPrecisionOption,
    out: Path = typer.Option(None, "--out", "-o", help="Folder for the files; beside each file when left out."),
    as_json: bool = JsonOption,
) -> None:
    """Make takes again in more steps from the same noise, so that their content stays. Only the file is needed.

    Example:

        soundctm refine heavy-rain_seed7_take2_1step.wav --steps 16
    """
    from soundctm.audio import Clip

    clips = [Clip.load(path) for path in files]
    needed = [_needed(path, clip, model, precision) for path, clip in zip(files, clips, strict=True)]
    recordings = {clip.digest: clip for clip in map(Clip.load, source)}
    loaded = {key: load_model(key[0], device, engine, key[1]) for key in set(needed)}
    results = []
    for path, clip, key in zip(files, clips, needed, strict=True):
        folder = output_folder(out or path.parent)
        with progress(f"refining {path.name}", as_json) as callback:
            refined = loaded[key].refine(clip, steps, callback, recordings)
        results.append(save_clip(refined, folder))
    report(results, as_json, f"refined in {counted(steps, 'step')}")


def _needed(path: Path, clip: "Clip", moved_to: str | None, precision: str | None) -> tuple[str, str]:
    """Model and precision that a file is to be made with."""
    from soundctm.delivery.verify import missing_recipe

    if clip.recipe is None:
        raise UserError(f"{path} cannot be refined: {missing_recipe(path)}; give the WAV that soundctm wrote")
    return named_model(clip.recipe, moved_to), precision or clip.recipe.precision
