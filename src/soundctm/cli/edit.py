"""``soundctm edit``: work on a recording or a take."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from soundctm.cli.asked import Asked, perform
from soundctm.cli.common import counted, load_model, named_model, output_folder, progress, report, save_clip
from soundctm.cli.options import StepsOption, TakesOption, steps_option
from soundctm.cli.unfolded import left_out, unfolded
from soundctm.cli.vary import vary
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip

edit_app = typer.Typer(
    no_args_is_help=True,
    help="Work on a recording or a take: extend-bandwidth, declip, fill, extend, join, loop, vary, transform, morph.",
)

FileArgument = typer.Argument(help="A recording (WAV, FLAC, OGG), or a take that soundctm made.")


def _clip(path: Path) -> "Clip":
    from soundctm.audio import Clip

    return Clip.load(path)


@edit_app.command("extend-bandwidth")
@unfolded
def extend_bandwidth(
    file: Path = FileArgument,
    cutoff: float = typer.Option(3000.0, help="Hz; what lies below is kept, what lies above is invented."),
    takes: int = TakesOption,
    steps: int = steps_option(8),
    *,
    asked: Asked,
) -> None:
    """Give a dull recording the frequencies above a cut-off that it lost.

    Example:

        soundctm edit extend-bandwidth old-tape.wav --cutoff 3000 --prompt "rain on a roof"
    """
    from soundctm import edits

    plan = edits.extend_bandwidth(_clip(file), cutoff, file.name)
    perform(plan, asked, takes, steps, file)


@edit_app.command()
@unfolded
def declip(
    file: Path = FileArgument,
    level: float = typer.Option(
        None, help="Sample value of the clipping, 0 to 1; 99 % of the loudest, where that looks clipped, when left out."
    ),
    takes: int = TakesOption,
    steps: int = StepsOption,
    *,
    asked: Asked,
) -> None:
    """Restore the tops of a recording that was too loud.

    Examples:

        soundctm edit declip shout.wav

        soundctm edit declip shout.wav --level 0.8
    """
    from soundctm import edits

    perform(edits.declip(_clip(file), level, file.name), asked, takes, steps, file)


@edit_app.command()
@unfolded
def fill(
    file: Path = FileArgument,
    start: float = typer.Option(..., help="Where the gap begins, in seconds."),
    end: float = typer.Option(..., help="Where the gap ends, in seconds."),
    takes: int = TakesOption,
    steps: int = StepsOption,
    *,
    asked: Asked,
) -> None:
    """Invent a stretch of a recording anew: a cough, a dropout. Every sample outside stays.

    Example:

        soundctm edit fill beach.wav --start 2 --end 3 --prompt "sea waves"
    """
    from soundctm import edits

    plan = edits.fill(_clip(file), start, end, file.name)
    perform(plan, asked, takes, steps, file)


@edit_app.command()
@unfolded
def extend(
    file: Path = FileArgument,
    before: float = typer.Option(0.0, help="Seconds to invent before the recording."),
    after: float = typer.Option(0.0, help="Seconds to invent after it."),
    takes: int = TakesOption,
    steps: int = StepsOption,
    *,
    asked: Asked,
) -> None:
    """Let a recording begin earlier or go on for longer.

    Example:

        soundctm edit extend thunder.wav --after 3 --prompt "thunder rolling away"
    """
    from soundctm import edits

    plan = edits.extend(_clip(file), before, after, file.name)
    perform(plan, asked, takes, steps, file)


@edit_app.command()
@unfolded
def join(
    file: Path = FileArgument,
    other: Path = typer.Argument(help="The recording that follows."),
    gap: float = typer.Option(1.0, help="Seconds between the two, to be invented."),
    takes: int = TakesOption,
    steps: int = StepsOption,
    *,
    asked: Asked,
) -> None:
    """Lead from one recording into another.

    Example:

        soundctm edit join rain.wav stream.wav --gap 1.5
    """
    from soundctm import edits

    plan = edits.join(_clip(file), _clip(other), gap, (file.name, other.name))
    perform(plan, asked, takes, steps, file, other)


@dataclass(frozen=True, kw_only=True)
class LoopAsked(Asked):
    """As other edits, but for the model: a take names its own."""

    model: str = typer.Option(None, help="Where the model lies now, if it moved; mini for recordings.")


@edit_app.command()
@unfolded
def loop(
    file: Path = FileArgument,
    seam: float = typer.Option(None, help="Seconds invented at the loop point, half at each end; 0.5 when left out."),
    takes: int = TakesOption,
    steps: int = StepsOption,
    *,
    asked: LoopAsked,
) -> None:
    """Make the end of a recording lead into its beginning; the loop point is written into the file.

    A take that soundctm generated is made again from its noise, as a circle: no part of it is patched.

    Example:

        soundctm edit loop engine.wav --prompt "a car engine"
    """
    from soundctm import edits

    clip = _clip(file)
    if clip.recipe is not None and clip.recipe.edit is None:
        if asked.prompt or asked.seed is not None or takes != 1 or seam is not None or not left_out(asked.guidance):
            raise UserError(
                "a take keeps its own prompt, seed and guidance when it is looped; leave out --prompt, --seed, "
                "--takes, --seam, --omega, --nu, --gamma, --negative"
            )
        _loop_take(clip, steps, asked)
        return
    plan = edits.loop(clip, name=file.name) if seam is None else edits.loop(clip, seam, file.name)
    perform(plan, replace(asked, model=asked.model or "mini"), takes, steps, file)


def _loop_take(clip: "Clip", steps: int, asked: Asked) -> None:
    """A take, made again as a circle by the model that its recipe names."""
    folder, as_json = output_folder(asked.results.out), asked.results.as_json
    engine = load_model(named_model(clip.recipe, asked.model), asked.device)
    with progress("loop", as_json) as callback:
        looped = engine.loop(clip, steps, callback)
    report([save_clip(looped, folder)], as_json, f"loop: made again in {counted(steps, 'step')}")


@dataclass(frozen=True, kw_only=True)
class TransformAsked(Asked):
    """As other edits, but for the prompt: it is what the edit is about."""

    prompt: str = typer.Argument(help="What it should become.")


@edit_app.command()
@unfolded
def transform(
    file: Path = FileArgument,
    strength: float = typer.Option(0.6, help="0 keeps the recording, 1 forgets it."),
    takes: int = TakesOption,
    steps: int = StepsOption,
    *,
    asked: TransformAsked,
) -> None:
    """Turn a recording into something else that moves like it.

    Example:

        soundctm edit transform voice.wav "a dog barking" --strength 0.7
    """
    from soundctm import edits

    plan = edits.transform(_clip(file), strength, file.name)
    perform(plan, asked, takes, steps, file)


@edit_app.command()
@unfolded
def morph(
    file: Path = FileArgument,
    other: Path = typer.Argument(help="The sound at the other end."),
    amount: float = typer.Option(0.5, help="0 is the first sound, 1 the second."),
    other_prompt: str = typer.Option("", help="What is heard in the other, where it is a recording."),
    steps: int = StepsOption,
    *,
    asked: Asked,
) -> None:
    """Make the sound between two takes, or between recordings.

    Example:

        soundctm edit morph wind_seed1_take1_1step.wav waves_seed2_take1_1step.wav --amount 0.5
    """
    from soundctm import edits

    plan = edits.morph(_clip(file), _clip(other), amount, other_prompt=other_prompt, names=(file.name, other.name))
    perform(plan, asked, 1, steps, file, other)


edit_app.command()(vary)
