"""``soundctm refine``: the same take, better."""

from pathlib import Path

import typer

from soundctm.cli.common import JsonOption, load_model, output_folder, progress, report, save_clip
from soundctm.errors import UserError


def refine(
    files: list[Path] = typer.Argument(help="WAV files that soundctm made."),
    steps: int = typer.Option(16, help="Network steps (1 to 128)."),
    device: str = typer.Option("cpu", help="cpu, cuda, mps."),
    out: Path = typer.Option(None, "--out", "-o", help="Folder for the files; beside each file when left out."),
    as_json: bool = JsonOption,
) -> None:
    """Make takes again in more steps from the same noise, so that their content stays. Only the file is needed.

    Example:

        soundctm refine heavy-rain_seed7_take2_1step.wav --steps 16
    """
    from soundctm.audio import Clip

    clips = [Clip.load(path) for path in files]
    for path, clip in zip(files, clips, strict=True):
        if clip.recipe is None:
            raise UserError(
                f"{path} carries no recipe, so it cannot be refined; give a WAV that soundctm generate wrote"
            )
    engines = {name: load_model(name, device) for name in {clip.recipe.model for clip in clips if clip.recipe}}
    results = []
    for path, clip in zip(files, clips, strict=True):
        if clip.recipe is not None:
            with progress(f"refining {path.name}", as_json) as callback:
                refined = engines[clip.recipe.model].refine(clip, steps, callback)
            results.append(save_clip(refined, output_folder(out or path.parent)))
    report(results, as_json, f"refined in {steps} step{'s' if steps > 1 else ''}")
