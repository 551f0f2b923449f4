"""``soundctm edit``: work on a recording or a take."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from soundctm.cli.common import (
    counted,
    load_model,
    named_model,
    output_folder,
    progress,
    recipe_of,
    report,
    save_clip,
    say_understood,
    summary,
)
from soundctm.cli.forbidding import ForbidOption, HookOption, checked_filter
from soundctm.cli.options import (
    DeviceOption,
    GammaOption,
    JsonOption,
    ModelOption,
    MovedOption,
    NegativeOption,
    NuOption,
    OmegaOption,
    OutOption,
    PromptOption,
    SeedOption,
    SourceOption,
    StepsOption,
    TakesOption,
    steps_option,
)
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip
    from soundctm.edits import Plan

edit_app = typer.Typer(
    no_args_is_help=True,
    help="Work on a recording or a take: extend-bandwidth, declip, fill, extend, join, loop, vary, transform, morph.",
)

FileArgument = typer.Argument(help="A recording (WAV, FLAC, OGG), or a take that soundctm made.")


def _clip(path: Path) -> "Clip":
    from soundctm.audio import Clip

    return Clip.load(path)


@dataclass(frozen=True)
class Guidance:
    """How an edit listens to its prompt: as a plain take does, unless something is given; and what is forbidden."""

    omega: float | None = None
    nu: float = 1.0
    gamma: float = 0.0
    negative: str = ""
    forbid: tuple[Path, ...] = ()
    hook: str | None = None


def _perform(
    plan: "Plan", prompt: str, takes: int, steps: int, seed: int | None, guidance: Guidance, model: str, device: str,
    out: Path, as_json: bool,
) -> None:  # fmt: skip
    """Make the takes of a plan, save and report them."""
    words = [each for each in (prompt, *plan.edit.prompts) if each]
    forbidden = checked_filter(guidance.forbid, guidance.hook, *words)
    folder = output_folder(out)
    engine = load_model(model, device)
    forbidden.check_heard(words, engine.understood)
    with progress(plan.edit.kind, as_json) as callback:
        clips = engine.edit(
            plan, prompt, takes=takes, steps=steps, seed=seed, omega=guidance.omega, nu=guidance.nu,
            gamma=guidance.gamma, negative=guidance.negative, callback=callback,
        )  # fmt: skip
    results = [save_clip(clip, folder) for clip in clips]
    if prompt:
        say_understood(engine, prompt, results, as_json)
    report(results, as_json, f"{plan.edit.kind}: {summary([recipe_of(clip) for clip in clips])}")


@edit_app.command("extend-bandwidth")
def extend_bandwidth(
    file: Path = FileArgument,
    cutoff: float = typer.Option(3000.0, help="Hz; what lies below is kept, what lies above is invented."),
    prompt: str = PromptOption, takes: int = TakesOption, steps: int = steps_option(8), seed: int = SeedOption,
    omega: float = OmegaOption, nu: float = NuOption, gamma: float = GammaOption, negative: str = NegativeOption,
    forbid: list[Path] = ForbidOption, hook: str = HookOption,
    model: str = ModelOption, device: str = DeviceOption, out: Path = OutOption, as_json: bool = JsonOption,
) -> None:  # fmt: skip
    """Give a dull recording the frequencies above a cut-off that it lost.

    Example:

        soundctm edit extend-bandwidth old-tape.wav --cutoff 3000 --prompt "rain on a roof"
    """
    from soundctm import edits

    plan = edits.extend_bandwidth(_clip(file), cutoff, file.name)
    guidance = Guidance(omega, nu, gamma, negative, tuple(forbid), hook)
    _perform(plan, prompt, takes, steps, seed, guidance, model, device, out, as_json)


@edit_app.command()
def declip(
    file: Path = FileArgument,
    level: float = typer.Option(None, help="Sample value of the clipping, 0 to 1; 99 % of the loudest when left out."),
    prompt: str = PromptOption, takes: int = TakesOption, steps: int = StepsOption, seed: int = SeedOption,
    omega: float = OmegaOption, nu: float = NuOption, gamma: float = GammaOption, negative: str = NegativeOption,
    forbid: list[Path] = ForbidOption, hook: str = HookOption,
    model: str = ModelOption, device: str = DeviceOption, out: Path = OutOption, as_json: bool = JsonOption,
) -> None:  # fmt: skip
    """Restore the tops of a recording that was too loud.

    Example:

        soundctm edit declip shout.wav --level 0.8
    """
    from soundctm import edits

    clip = _clip(file)
    loudest = float(abs(clip.samples).max(initial=0.0))
    plan = edits.declip(clip, 0.99 * loudest if level is None else level, file.name)
    guidance = Guidance(omega, nu, gamma, negative, tuple(forbid), hook)
    _perform(plan, prompt, takes, steps, seed, guidance, model, device, out, as_json)


@edit_app.command()
def fill(
    file: Path = FileArgument,
    start: float = typer.Option(..., help="Where the gap begins, in seconds."),
    end: float = typer.Option(..., help="Where the gap ends, in seconds."),
    prompt: str = PromptOption, takes: int = TakesOption, steps: int = StepsOption, seed: int = SeedOption,
    omega: float = OmegaOption, nu: float = NuOption, gamma: float = GammaOption, negative: str = NegativeOption,
    forbid: list[Path] = ForbidOption, hook: str = HookOption,
    model: str = ModelOption, device: str = DeviceOption, out: Path = OutOption, as_json: bool = JsonOption,
) -> None:  # fmt: skip
    """Invent a stretch of a recording anew: a cough, a dropout. Every sample outside stays.

    Example:

        soundctm edit fill beach.wav --start 2 --end 3 --prompt "sea waves"
    """
    from soundctm import edits

    plan = edits.fill(_clip(file), start, end, file.name)
    guidance = Guidance(omega, nu, gamma, negative, tuple(forbid), hook)
    _perform(plan, prompt, takes, steps, seed, guidance, model, device, out, as_json)


@edit_app.command()
def extend(
    file: Path = FileArgument,
    before: float = typer.Option(0.0, help="Seconds to invent before the recording."),
    after: float = typer.Option(0.0, help="Seconds to invent after it."),
    prompt: str = PromptOption, takes: int = TakesOption, steps: int = StepsOption, seed: int = SeedOption,
    omega: float = OmegaOption, nu: float = NuOption, gamma: float = GammaOption, negative: str = NegativeOption,
    forbid: list[Path] = ForbidOption, hook: str = HookOption,
    model: str = ModelOption, device: str = DeviceOption, out: Path = OutOption, as_json: bool = JsonOption,
) -> None:  # fmt: skip
    """Let a recording begin earlier or go on for longer.

    Example:

        soundctm edit extend thunder.wav --after 3 --prompt "thunder rolling away"
    """
    from soundctm import edits

    plan = edits.extend(_clip(file), before, after, file.name)
    guidance = Guidance(omega, nu, gamma, negative, tuple(forbid), hook)
    _perform(plan, prompt, takes, steps, seed, guidance, model, device, out, as_json)


@edit_app.command()
def join(
    file: Path = FileArgument,
    other: Path = typer.Argument(help="The recording that follows."),
    gap: float = typer.Option(1.0, help="Seconds between the two, to be invented."),
    prompt: str = PromptOption, takes: int = TakesOption, steps: int = StepsOption, seed: int = SeedOption,
    omega: float = OmegaOption, nu: float = NuOption, gamma: float = GammaOption, negative: str = NegativeOption,
    forbid: list[Path] = ForbidOption, hook: str = HookOption,
    model: str = ModelOption, device: str = DeviceOption, out: Path = OutOption, as_json: bool = JsonOption,
) -> None:  # fmt: skip
    """Lead from one recording into another.

    Example:

        soundctm edit join rain.wav stream.wav --gap 1.5
    """
    from soundctm import edits

    plan = edits.join(_clip(file), _clip(other), gap, (file.name, other.name))
    guidance = Guidance(omega, nu, gamma, negative, tuple(forbid), hook)
    _perform(plan, prompt, takes, steps, seed, guidance, model, device, out, as_json)


@edit_app.command()
def loop(
    file: Path = FileArgument,
    seam: float = typer.Option(None, help="Seconds invented at the loop point, half at each end; 0.5 when left out."),
    prompt: str = PromptOption, takes: int = TakesOption, steps: int = StepsOption, seed: int = SeedOption,
    omega: float = OmegaOption, nu: float = NuOption, gamma: float = GammaOption, negative: str = NegativeOption,
    forbid: list[Path] = ForbidOption, hook: str = HookOption,
    model: str = typer.Option(None, help="Where the model lies now, if it moved; mini for recordings."),
    device: str = DeviceOption, out: Path = OutOption, as_json: bool = JsonOption,
) -> None:  # fmt: skip
    """Make the end of a recording lead into its beginning; the loop point is written into the file.

    A take that soundctm generated is made again from its noise, as a circle: no part of it is patched.

    Example:

        soundctm edit loop engine.wav --prompt "a car engine"
    """
    from soundctm import edits

    clip, guidance = _clip(file), Guidance(omega, nu, gamma, negative)
    if clip.recipe is not None and clip.recipe.edit is None:
        if prompt or seed is not None or takes != 1 or seam is not None or guidance != Guidance():
            raise UserError(
                "a take keeps its own prompt, seed and guidance when it is looped; leave out --prompt, --seed, "
                "--takes, --seam, --omega, --nu, --gamma, --negative"
            )
        _loop_take(clip, steps, model, device, out, as_json)
        return
    plan = edits.loop(clip, name=file.name) if seam is None else edits.loop(clip, seam, file.name)
    guidance = replace(guidance, forbid=tuple(forbid), hook=hook)
    _perform(plan, prompt, takes, steps, seed, guidance, model or "mini", device, out, as_json)


def _loop_take(clip: "Clip", steps: int, model: str | None, device: str, out: Path, as_json: bool) -> None:
    """A take, made again as a circle by the model that its recipe names."""
    folder = output_folder(out)
    engine = load_model(named_model(clip.recipe, model), device)
    with progress("loop", as_json) as callback:
        looped = engine.loop(clip, steps, callback)
    report([save_clip(looped, folder)], as_json, f"loop: made again in {counted(steps, 'step')}")


@edit_app.command()
def transform(
    file: Path = FileArgument,
    prompt: str = typer.Argument(help="What it should become."),
    strength: float = typer.Option(0.6, help="0 keeps the recording, 1 forgets it."),
    takes: int = TakesOption, steps: int = StepsOption, seed: int = SeedOption,
    omega: float = OmegaOption, nu: float = NuOption, gamma: float = GammaOption, negative: str = NegativeOption,
    forbid: list[Path] = ForbidOption, hook: str = HookOption,
    model: str = ModelOption, device: str = DeviceOption, out: Path = OutOption, as_json: bool = JsonOption,
) -> None:  # fmt: skip
    """Turn a recording into something else that moves like it.

    Example:

        soundctm edit transform voice.wav "a dog barking" --strength 0.7
    """
    from soundctm import edits

    plan = edits.transform(_clip(file), strength, file.name)
    guidance = Guidance(omega, nu, gamma, negative, tuple(forbid), hook)
    _perform(plan, prompt, takes, steps, seed, guidance, model, device, out, as_json)


@edit_app.command()
def morph(
    file: Path = FileArgument,
    other: Path = typer.Argument(help="The sound at the other end."),
    amount: float = typer.Option(0.5, help="0 is the first sound, 1 the second."),
    other_prompt: str = typer.Option("", help="What is heard in the other, where it is a recording."),
    prompt: str = PromptOption, steps: int = StepsOption, seed: int = SeedOption,
    omega: float = OmegaOption, nu: float = NuOption, gamma: float = GammaOption, negative: str = NegativeOption,
    forbid: list[Path] = ForbidOption, hook: str = HookOption,
    model: str = ModelOption, device: str = DeviceOption, out: Path = OutOption, as_json: bool = JsonOption,
) -> None:  # fmt: skip
    """Make the sound between two takes, or between recordings.

    Example:

        soundctm edit morph wind_seed1_take1_1step.wav waves_seed2_take1_1step.wav --amount 0.5
    """
    from soundctm import edits

    plan = edits.morph(_clip(file), _clip(other), amount, other_prompt=other_prompt, names=(file.name, other.name))
    guidance = Guidance(omega, nu, gamma, negative, tuple(forbid), hook)
    _perform(plan, prompt, 1, steps, seed, guidance, model, device, out, as_json)


@edit_app.command()
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
    source: list[Path] = SourceOption, device: str = DeviceOption, out: Path = OutOption, as_json: bool = JsonOption,
) -> None:  # fmt: skip
    """Make relatives of a take: the same start and another course, or a start that is turned a little.

    Examples:

        soundctm edit vary footsteps_seed3_take2_1step.wav --takes 8 --gamma 0.3

        soundctm edit vary footsteps_seed3_take2_1step.wav --takes 8 --turn 0.2
    """
    clip = _clip(file)
    recordings = {each.digest: each for each in map(_clip, source)}
    folder = output_folder(out)
    engine = load_model(named_model(clip.recipe, model), device)
    with progress("varying", as_json) as callback:
        clips = engine.vary(
            clip, gamma, turn=turn, takes=takes, first=first, steps=steps, callback=callback, sources=recordings
        )
    how = f"gamma {clips[0].recipe.gamma:g}" if turn is None else f"a turn of {turn:g}"
    report([save_clip(each, folder) for each in clips], as_json, f"{counted(takes, 'relative')} at {how}")
