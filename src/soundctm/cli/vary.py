"""``soundctm edit vary``: relatives of a take."""

from pathlib import Path

import typer

from soundctm.cli.common import counted, load_model, named_model, output_folder, progress, report, save_clip
from soundctm.cli.options import DeviceOption, JsonOption, MovedOption, OutOption, SourceOption


def vary(
    file: Path = typer.Argument(help="A take that soundctm made."),
    gamma: float = typer.Option(None, help="By other noise on the way, so much: above 0, to 1; 0.3 when left out."),
    turn: float = typer.Option(
        None, help="Or by turning the noise that it starts from: above 0, to 1, another sound. In one step, too."
    ),
    takes: int = typer.Option(4, help="How many relatives."),
    first: int = typer.Option(1, help="Number of the first one: 5 goes on after four."),
    steps: int = typer.Option(None, help="Network steps; 16 when left out, with --turn the take's own."),
    model: str = MovedOption,
    source: list[Path] = SourceOption,
    device: str = DeviceOption,
    out: Path = OutOption,
    as_json: bool = JsonOption,
) -> None:
    """Make relatives of a take: the same start and another course, or a start that is turned a little.

    Examples:

        soundctm edit vary footsteps_seed3_take2_1step.wav --takes 8 --gamma 0.3

        soundctm edit vary footsteps_seed3_take2_1step.wav --takes 8 --turn 0.2
    """
    from soundctm.audio import Clip
    from soundctm.revisions import relatives

    clip = Clip.load(file)
    recordings = {each.digest: each for each in map(Clip.load, source)}
    folder = output_folder(out)
    engine = load_model(named_model(clip.recipe, model), device)
    recipes = relatives(engine.recipe_of(clip), takes, first=first, steps=steps, gamma=gamma, turn=turn)
    with progress("varying", as_json) as callback:
        files = [save_clip(each, folder) for each in engine.replay(recipes, callback, recordings)]
    how = f"gamma {recipes[0].gamma:g}" if turn is None else f"a turn of {turn:g}"
    report(files, as_json, f"{counted(takes, 'relative')} at {how}")
