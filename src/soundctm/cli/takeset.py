"""``soundctm set``: related but distinct takes of one sound."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from soundctm.cli.batch import (
    ConfigOption,
    CreatorOption,
    DefaultOption,
    FolderOption,
    RemoveOption,
    SourceIdOption,
    UcsOption,
    settings_of,
)
from soundctm.cli.batch_words import pace, tell_outcome
from soundctm.cli.common import counted, load_model, on_this_machine, output_folder
from soundctm.cli.forbidding import ForbidOption, HookOption
from soundctm.cli.options import (
    DeviceOption,
    EngineOption,
    JsonOption,
    KeptPrecisionOption,
    MovedOption,
    SecondsOption,
    SourceOption,
)
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Recipe
    from soundctm.batch.config import Config
    from soundctm.batch.sheet import Line

LEFT_OUT = {"takes": 12, "distance": "near"}  # of a set, where neither option nor default says otherwise
SOUNDS = {".wav", ".flac", ".ogg"}


def takeset(
    prompt: str = typer.Argument(help="What to hear, or a file that soundctm made: its take is the first of the set."),
    takes: int = typer.Option(None, help="How many, the first one included (1 to 1000); 12 when left out."),
    distance: str = typer.Option(
        None, help="near, middle, far, or a likeness to the first like 0.8-0.95; near when left out."
    ),
    name: str = typer.Option(None, help="What the files are called; made of the prompt when left out."),
    steps: int = typer.Option(None, help="Network steps (1 to 128); a file's own, else 16, when left out."),
    seconds: float = SecondsOption,
    seed: int = typer.Option(None, help="Of the first take; it follows from the name when left out."),
    tries: int = typer.Option(None, help="How often each take is tried (1 to 100); 12 when left out."),
    out: Path = FolderOption,
    config: Path = ConfigOption,
    default: list[str] = DefaultOption,
    forbid: list[Path] = ForbidOption,
    hook: str = HookOption,
    ucs: Path = UcsOption,
    creator: str = CreatorOption,
    source_id: str = SourceIdOption,
    source: list[Path] = SourceOption,
    remove: bool = RemoveOption,
    model: str = MovedOption,
    device: str = DeviceOption,
    engine: str = EngineOption,
    precision: str = KeptPrecisionOption,
    as_json: bool = JsonOption,
) -> None:
    """Make takes that are alike but not the same, numbered: for a footstep, a gunshot, whatever is heard often.

    Each lies between two likenesses to the first, and no two are nearly the same. Of a file the first is its own take,
    whatever its match.
    Other columns of a cue sheet are given by --default. The exit code is 1 where fewer takes were found.

    Examples:

        soundctm set "footsteps on gravel" --takes 12 --distance middle --out steps

        soundctm set knock_seed7_take2_16steps.wav --distance near --out knocks
    """
    from soundctm.audio import Clip
    from soundctm.batch.faults import SheetError
    from soundctm.batch.job import make_set

    settings = settings_of(config, default, None, forbid, hook, ucs, creator, source_id)
    first = first_of(prompt)
    asked = {
        "prompt": prompt if first is None else first.prompt, "takes": takes, "distance": distance, "name": name,
        "steps": steps, "seconds": seconds, "seed": seed, "tries": tries,
    }  # fmt: skip
    home = model or (on_this_machine(first.model) if first else "mini")
    try:
        line = line_of(asked, settings, first, home)
        folder = output_folder(out)
        loaded = load_model(home, device, engine, precision or (first.precision if first else "float32"))
        recordings = {clip.digest: clip for clip in map(Clip.load, source)}
        with pace(as_json) as callback:
            outcome = make_set(loaded, line, folder, settings, first, callback, recordings, remove)
    except SheetError as error:
        raise _in_words([(fault.column, fault.what) for fault in error.faults]) from error
    tell_outcome(replace(outcome, notes=(*outcome.notes, *remade(first, line))), folder, as_json)


def remade(first: "Recipe | None", line: "Line") -> list[str]:
    """A note where the first take is not the file's own."""
    if first is None or first.steps == line.row.steps:
        return []
    steps = counted(first.steps, "step")
    return [f"the first take is the file's made again, in {line.row.steps} instead of {steps}: it may sound otherwise"]


def first_of(prompt: str) -> "Recipe | None":
    """The recipe of the file that is meant, None for words."""
    from soundctm.audio import read_recipe

    path = Path(prompt)
    if not path.suffix or len(prompt) > 255:
        return None
    if not path.is_file():
        if path.suffix.lower() in SOUNDS:
            raise UserError(f"no such file: {prompt}; give a file that soundctm made, or a prompt")
        return None
    recipe = read_recipe(Path(prompt))
    if recipe is None:
        raise UserError(f"{prompt} carries no recipe; give a file that soundctm made, or a prompt")
    return recipe


def line_of(asked: dict[str, Any], config: "Config", first: "Recipe | None", model: str) -> "Line":
    """The set as a row of a sheet of its own. Raises :class:`UserError` with all that is wrong with it."""
    from soundctm.batch.cells import Cells, over, row_of
    from soundctm.batch.job import preflight
    from soundctm.batch.names import name_of
    from soundctm.batch.sheet import Line
    from soundctm.config import ModelConfig
    from soundctm.folder import locate

    own = {key: value for key, value in asked.items() if value is not None}
    left_out = LEFT_OUT if first is None else {**LEFT_OUT, "steps": first.steps}
    defaults = over(left_out, config.defaults)
    own.setdefault("name", name_of(own["prompt"] or "sound"))
    if first is not None:
        given = sorted({"seconds", "seed", "omega", "nu", "gamma", "negative", "loop", "intensity"} & {*own, *defaults})
        if given:
            raise UserError(f"{', '.join(given)}: the file's own recipe says that; leave it out")
        own["prompt"] = own["prompt"] or "sound"
    check = preflight(config, ModelConfig.read(locate(model) / "config.json"))
    row, found = None, list[tuple[str, str]]()
    try:
        row = row_of(own, strict=False, defaults=defaults)
    except Cells as error:
        found = error.found
    found += check(over(defaults, own), row, {column for column, _ in found})
    if row is None or found:
        raise _in_words(found)
    return Line(1, row)


def _in_words(found: Sequence[tuple[str, str]]) -> UserError:
    """What is wrong with a set, by what was asked for: it has no lines to be counted."""
    from soundctm.batch.faults import printable

    return UserError(printable("; ".join(f"{column}: {what}" for column, what in found)))
