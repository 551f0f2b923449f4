"""``soundctm batch``: a list of prompts to a folder of sounds."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from soundctm.cli.batch_words import pace, tell_faults, tell_outcome
from soundctm.cli.common import load_model, output_folder
from soundctm.cli.forbidding import ForbidOption, HookOption
from soundctm.cli.options import DeviceOption, EngineOption, JsonOption, ModelOption, PrecisionOption

if TYPE_CHECKING:
    from soundctm.batch.config import Config

FolderOption = typer.Option(..., "--out", "-o", help="Folder for sounds, report and contact sheet; run again to go on.")
ConfigOption = typer.Option(
    None, "--config", help="TOML file with the defaults of columns, file names, what is forbidden."
)
DefaultOption = typer.Option([], "--default", help="COLUMN=VALUE for rows that leave it out; several may be given.")
UcsOption = typer.Option(None, "--ucs", help="The list of UCS categories (CSV), from which names are suggested.")
CreatorOption = typer.Option(None, "--creator", help="Who made the sounds; the CreatorID of UCS names.")
SourceIdOption = typer.Option(None, "--source-id", help="The SourceID of UCS names: a project or library.")
RemoveOption = typer.Option(
    False, "--remove", help="Remove what was made here and is not asked for now, though it be much, or another's."
)
SheetSeedOption = typer.Option(None, "--seed", help="Of the sheet: rows without a seed get one from it and their name.")


def batch(
    cues: str = typer.Argument(help="A cue sheet: .csv, .tsv, .jsonl, or - for the standard input."),
    out: Path = FolderOption,
    config: Path = ConfigOption,
    default: list[str] = DefaultOption,
    form: str = typer.Option(None, help="csv, tsv or jsonl, where the file's name does not say it."),
    sheet_id: str = typer.Option(None, "--id", help="Names the sheet whose folder it is; its path when left out."),
    remove: bool = RemoveOption,
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
    interruption, and makes anew what has changed in the sheet. A folder belongs to one sheet: another is refused, and
    one that would remove more than half of the rows, unless --remove is given. The exit code is 1 where a take was left
    out.

    Examples:

        soundctm batch cues.csv --out library

        soundctm batch cues.csv --out library --default takes=4 --default loudness=-23
    """
    from soundctm.batch.faults import SheetError
    from soundctm.batch.job import checked, make_batch, owner_of
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
        owner = owner_of(cues, sheet_id)
        with pace(as_json) as callback:
            outcome = make_batch(loaded, lines, sheet.source, folder, settings, callback, owner, remove)
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
