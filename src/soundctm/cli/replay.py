"""``soundctm replay``: make a file again from its recipe."""

from pathlib import Path

import typer

from soundctm.cli.common import counted, load_model, named_model, output_folder, progress, report, save_clip
from soundctm.cli.options import DeviceOption, EngineOption, JsonOption, MovedOption, OutOption, SourceOption
from soundctm.errors import UserError


def replay(
    file: Path = typer.Argument(help="A WAV that soundctm made."),
    source: list[Path] = SourceOption,
    model: str = MovedOption,
    device: str = DeviceOption,
    engine: str = EngineOption,
    out: Path = OutOption,
    as_json: bool = JsonOption,
) -> None:
    """Make a sound again, exactly as its recipe says: on the same kind of machine the same samples.

    Example:

        soundctm replay rain_fill_seed7_take1_16steps.wav --source beach.wav --out again
    """
    from soundctm.audio import Clip
    from soundctm.delivery.verify import missing_recipe

    recipe = Clip.load(file).recipe
    if recipe is None:
        raise UserError(f"{file} cannot be made again: {missing_recipe(file)}; give the WAV that soundctm wrote")
    recordings = {clip.digest: clip for clip in map(Clip.load, source)}
    folder = output_folder(out)
    loaded = load_model(named_model(recipe, model), device, engine, recipe.precision)
    loaded.check_mine(recipe)
    with progress(f"replaying {file.name}", as_json) as callback:
        clip = next(loaded.replay([recipe], callback, recordings))
    report([save_clip(clip, folder)], as_json, f"made again from its recipe, in {counted(recipe.steps, 'step')}")
