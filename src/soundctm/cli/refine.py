"""``soundctm refine``: the same take, better."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from soundctm.cli.common import counted, load_model, output_folder, progress, report, save_clip
from soundctm.cli.options import DeviceOption, JsonOption, MovedOption, SourceOption, StepsOption
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip


def refine(
    files: list[Path] = typer.Argument(help="WAV files that soundctm made."),
    steps: int = StepsOption,
    model: str = MovedOption,
    source: list[Path] = SourceOption,
    device: str = DeviceOption,
    out: Path = typer.Option(None, "--out", "-o", help="Folder for the files; beside each file when left out."),
    as_json: bool = JsonOption,
) -> None:
    """Make takes again in more steps from the same noise, so that their content stays. Only the file is needed.

    Example:

        soundctm refine heavy-rain_seed7_take2_1step.wav --steps 16
    """
    from soundctm.audio import Clip

    clips = [Clip.load(path) for path in files]
    names = [_model_of(path, clip, model) for path, clip in zip(files, clips, strict=True)]
    recordings = {clip.digest: clip for clip in map(Clip.load, source)}
    engines = {name: load_model(name, device) for name in set(names)}
    results = []
    for path, clip, name in zip(files, clips, names, strict=True):
        folder = output_folder(out or path.parent)
        with progress(f"refining {path.name}", as_json) as callback:
            refined = engines[name].refine(clip, steps, callback, recordings)
        results.append(save_clip(refined, folder))
    report(results, as_json, f"refined in {counted(steps, 'step')}")


def _model_of(path: Path, clip: "Clip", moved_to: str | None) -> str:
    if clip.recipe is None:
        raise UserError(f"{path} carries no recipe, so it cannot be refined; give a WAV that soundctm generate wrote")
    return moved_to or clip.recipe.model
