"""``soundctm batch``: a list of prompts to a folder of sounds."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from soundctm.cli.common import counted, load_model, output_folder, progress
from soundctm.cli.options import DeviceOption, EngineOption, JsonOption, ModelOption, PrecisionOption
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.batch.config import Config
    from soundctm.batch.faults import SheetError
    from soundctm.batch.report import Result
    from soundctm.batch.run import Outcome

LEFT_OUT = 1  # exit code where a take was left out
NAMED = 4  # removed files that are named
FolderOption = typer.Option(..., "--out", "-o", help="Folder for sounds, report and contact sheet; run again to go on.")
ConfigOption = typer.Option(
    None, "--config", help="TOML file with the defaults of columns, file names, what is forbidden."
)
DefaultOption = typer.Option([], "--default", help="COLUMN=VALUE for rows that leave it out; several may be given.")
ForbidOption = typer.Option([], "--forbid", help="A list of words and /expressions/ that no prompt may have.")
HookOption = typer.Option(None, "--hook", help="module:function that gets a prompt and returns a reason to refuse it.")
UcsOption = typer.Option(None, "--ucs", help="The list of UCS categories (CSV), from which names are suggested.")
CreatorOption = typer.Option(None, "--creator", help="Who made the sounds; the CreatorID of UCS names.")
SourceIdOption = typer.Option(None, "--source-id", help="The SourceID of UCS names: a project or library.")
SheetSeedOption = typer.Option(None, "--seed", help="Of the sheet: rows without a seed get one from it and their name.")


def batch(
    cues: str = typer.Argument(help="A cue sheet: .csv, .tsv, .jsonl, or - for the standard input."),
    out: Path = FolderOption,
    config: Path = ConfigOption,
    default: list[str] = DefaultOption,
    form: str = typer.Option(None, help="csv, tsv or jsonl, where the file's name does not say it."),
    seed: int = SheetSeedOption,
    forbid: list[Path] = ForbidOption,
    hook: str = HookOption,
    ucs: Path = UcsOption,
    creator: str = CreatorOption,
    source_id: str = SourceIdOption,
    model: str = ModelOption,
    device: str = DeviceOption,
    engine: str = EngineOption,
    precision: str = PrecisionOption,
    as_json: bool = JsonOption,
) -> None:
    """Make all sounds of a cue sheet: a table with a line of headings and a row for each prompt.

    Only the column prompt is needed. Others are name, takes, steps, seconds, loop, seed, distance, format, sample_rate,
    loudness, and more: docs/batch.md has them all. A sheet is for example

        prompt,takes,loudness

        heavy rain on a tin roof,4,-23

    Every take goes through quality gates and is tried again where it fails. The same command goes on after an
    interruption, and makes anew what has changed in the sheet. The exit code is 1 where a take was left out.

    Examples:

        soundctm batch cues.csv --out library

        soundctm batch cues.csv --out library --default takes=4 --default loudness=-23
    """
    from soundctm.batch.faults import SheetError
    from soundctm.batch.job import checked, make_batch
    from soundctm.batch.reading import read_text
    from soundctm.config import ModelConfig
    from soundctm.folder import locate

    settings = settings_of(config, default, seed, forbid, hook, ucs, creator, source_id)
    try:
        sheet = read_text(cues, form)
        lines = checked(sheet, settings, ModelConfig.read(locate(model) / "config.json"))
        folder = output_folder(out)
        steered = any(line.row.intensity for line in lines)
        loaded = load_model(model, device, engine, precision, gradients=steered)
        with progress("network steps", as_json) as callback:
            outcome = make_batch(loaded, lines, sheet.source, folder, settings, callback)
    except SheetError as error:
        raise tell_faults(error) from error
    tell_outcome(outcome, folder, as_json)


def settings_of(
    config: Path | None, default: Sequence[str], seed: int | None, forbid: Sequence[Path], hook: str | None,
    ucs: Path | None, creator: str | None, source_id: str | None,
) -> "Config":  # fmt: skip
    """The config file with what the command line says over it."""
    from soundctm.batch.cells import over
    from soundctm.batch.config import Config, read_config, read_defaults
    from soundctm.checks import MAX_SEED, within

    found = Config() if config is None else read_config(config)
    if seed is not None:
        within("seed", seed, 0, MAX_SEED, "of the sheet; 0 when left out")
    files = {"ucs": ucs, "creator": creator, "source": source_id}
    return found.model_copy(
        update={
            "seed": found.seed if seed is None else seed,
            "defaults": over(found.defaults, read_defaults(default)),
            "files": found.files.model_copy(update={key: value for key, value in files.items() if value is not None}),
            "forbidden": found.forbidden.model_copy(
                update={"lists": (*found.forbidden.lists, *forbid), "hook": hook or found.forbidden.hook}
            ),
        }
    )


def tell_faults(error: "SheetError") -> UserError:
    """Print all faults of a sheet but a single one, which is its own summary."""
    if len(error.faults) == 1:
        return error
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    from soundctm.batch.faults import printable

    source = printable(error.source)
    for fault in error.faults:
        console.print(f"{source}, {fault}", markup=False)
    return UserError(f"{source}: {len(error.faults)} faults; nothing was made. Mend them and run again")


def tell_outcome(outcome: "Outcome", folder: Path, as_json: bool) -> None:
    """Say what came of the takes; the command ends with code 1 where one was left out."""
    from soundctm.batch.place import REPORT, SHEET

    results, removed = outcome.results, outcome.removed
    kept = sum(result.kept for result in results)
    tries = sum(int(result.cells["tries"]) for result in results)
    if as_json:
        files: list[dict[str, Any]] = [_plain(result, folder) for result in results]
        summary = {"kept": kept, "tries": tries, "report": str(folder / REPORT), "sheet": str(folder / SHEET)}
        text = json.dumps({**summary, "removed": removed, "files": files}, allow_nan=False)
        sys.stdout.write(text + "\n")
    else:
        console = Console(soft_wrap=True, highlight=False)
        takes = f"{counted(kept, 'take')} kept of {len(results)}, from {counted(tries, 'candidate')}"
        console.print(f"{takes}. Listen: {folder / SHEET}; figures: {folder / REPORT}", markup=False)
        for note in _notes(results, removed):
            console.print(f"  {note}", markup=False)
    if kept < len(results):
        raise typer.Exit(LEFT_OUT)


def _notes(results: Sequence["Result"], removed: Sequence[str]) -> Iterator[str]:
    """What is not as it was asked for, and what is no longer there."""
    from soundctm.batch.faults import printable

    if removed:
        more = f", and {len(removed) - NAMED} more" if len(removed) > NAMED else ""
        yield f"removed {counted(len(removed), 'file')} that no row makes any more: {', '.join(removed[:NAMED])}{more}"
    for result in results:
        cells = result.cells
        if cells["take"] == 1 and result.kept and cells["understood"] != cells["prompt"]:
            yield f'{cells["row"]}: understood as "{cells["understood"]}" ({cells["understood_score"]:.2f})'
    for result in results:
        if not result.kept:
            yield printable(f"left out: {result.cells['row']}, take {result.cells['take']}: {result.cells['reason']}")


def _plain(result: "Result", folder: Path) -> dict[str, Any]:
    """A line of the report for programs: figures that are no finite numbers are null."""
    cells = {key: None if value in (float("inf"), -float("inf")) else value for key, value in result.cells.items()}
    return {**cells, "file": str(folder / result.files[0]) if result.files else None}
