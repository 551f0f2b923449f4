"""``soundctm data``: collections of sounds -> what training reads."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer
from rich.console import Console

from soundctm.cli.common import load_model, output_folder, progress
from soundctm.cli.options import JsonOption
from soundctm.errors import UserError
from soundctm.training.data.prepare.settings import Format, Settings, SourceOptions, checked

if TYPE_CHECKING:
    from soundctm.training.data.prepare.latents import LatentEncoder

    Chosen = tuple[Settings, LatentEncoder | None]

data_app = typer.Typer(no_args_is_help=True, help="Prepare sounds with captions for training.")

CLIP = Settings()  # the defaults
LISTED = 8  # kinds of licences and groups that the summary names


@data_app.callback()
def data() -> None:
    """Prepare sounds with captions for training."""


@data_app.command()
def prepare(
    source: Path = typer.Argument(help="A table, a folder or a tar; see docs/data.md."),
    out: Path = typer.Option(..., "--out", "-o", help="New folder, or one that was interrupted."),
    format: Format = typer.Option(None, help="What the source is; found out when left out."),
    audio: Path = typer.Option(None, help="Folder that a table's file names count from; its own when left out."),
    seconds: float = typer.Option(
        None, help=f"Length of a clip; {CLIP.seconds:g}, or the default of the model of --latents."
    ),
    sample_rate: int = typer.Option(None, help=f"Hz; {CLIP.sample_rate}, or that of --latents' model."),
    channels: Literal["mono", "stereo"] = typer.Option(CLIP.channels, help="Fold to mono, or keep stereo."),
    silence: float = typer.Option(CLIP.silence_db, help="Peak in dBFS below which a sound is left out as silent."),
    latents: str = typer.Option(None, metavar="MODEL", help="Also store latents and text tokens of this model."),
    device: str = typer.Option("cpu", help="Where --latents encodes."),
    mixtures: int = typer.Option(CLIP.mixtures, help="Add so many mixtures of two clips, captions joined."),
    seed: int = typer.Option(CLIP.seed, help="Of the mixtures."),
    licence: str = typer.Option(SourceOptions().licence, help="Licence of sounds whose source names none."),
    esc10: bool = typer.Option(False, "--esc10", help="Of ESC-50, only the ten classes of ESC-10."),
    folds: str = typer.Option("", help="Of ESC-50 or ESC-10, only these folds, as in 1,2,3,4."),
    workers: int = typer.Option(None, min=1, help="Processes that decode; cores less one. The result is the same."),
    shard_size: int = typer.Option(CLIP.shard_size, help="Clips per shard."),
    as_json: bool = JsonOption,
) -> None:
    r"""Decode, resample, cut and store sounds with captions. What is left out is listed with its reason.

    Run the same command again after an interruption: it goes on where it was.

    Example:

        soundctm data prepare captions.csv --audio sounds/ --out prepared --latents mini
    """
    selected = {"format": format, "audio": audio, "licence": licence, "esc10": esc10, "folds": _folds(folds)}
    values = {
        "seconds": seconds, "sample_rate": sample_rate, "channels": channels, "silence_db": silence,
        "shard_size": shard_size, "mixtures": mixtures, "seed": seed,
    }  # fmt: skip
    workers = workers or max(1, (os.cpu_count() or 2) - 1)
    manifest = _prepare(source, out, selected, _settings(values, latents, device), workers, quiet=as_json)
    if as_json:
        sys.stdout.write(json.dumps({"folder": str(out), **manifest}) + "\n")
    else:
        _say(manifest, out)


def _prepare(
    source: Path, out: Path, selected: dict[str, Any], chosen: "Chosen", workers: int, quiet: bool
) -> dict[str, Any]:  # fmt: skip
    """Run behind a progress bar; the manifest."""
    from soundctm.training.data.prepare.detect import open_source
    from soundctm.training.data.prepare.run import prepare as run

    options = checked(SourceOptions, selected)
    found = open_source(source, options)
    settings, encoder = chosen
    with progress("preparing", quiet) as callback:
        return run(
            found, output_folder(out), settings, options, workers=workers, encoder=encoder, progress=callback
        )  # fmt: skip


def _folds(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise UserError(f"--folds takes numbers from 1 to 5 with commas between them, got {text!r}") from error


def _settings(values: dict[str, Any], latents: str | None, device: str) -> "Chosen":
    """Settings with the model's defaults filled in, and its encoder."""
    given = {name: value for name, value in values.items() if value is not None}
    if latents is None and device != "cpu":
        raise UserError(f"--device {device} is for --latents, which is not asked for; give --latents MODEL as well")
    if latents is None:
        return checked(Settings, given), None
    from soundctm.training.data.prepare.latents import LatentEncoder

    model = load_model(latents, device)
    settings = checked(Settings, {"seconds": model.config.seconds, "sample_rate": model.sample_rate, **given})
    return settings, LatentEncoder(model, settings)


def _say(manifest: dict[str, Any], out: Path) -> None:
    """The summary for people."""
    console = Console(soft_wrap=True, highlight=False, markup=False)
    settings, left_out = manifest["settings"], dict(manifest["left_out"])
    total = left_out.pop("total")
    console.print(
        f"{manifest['clips']} clips of {settings['seconds']:g} s, {settings['channels']}, "
        f"{settings['sample_rate']} Hz: {manifest['hours']:.2f} hours of sound in {manifest['shards']} shards"
    )
    if manifest["mixtures"]:
        console.print(f"  {manifest['mixtures']} of them are mixtures of two others")
    for title, counts in (("changed", manifest["changes"]), ("licences", manifest["licences"])):
        if counts:
            console.print(f"  {title}: {_counted(counts)}")
    if set(manifest["groups"]) != {"(none)"}:
        console.print(f"  groups: {_counted(manifest['groups'])}")
    console.print(f"left out: {total}" + (f" ({_counted(left_out)})" if total else ""))
    if total:
        console.print(f"  each with its reason in {out / 'left_out.csv'}")
    if manifest["latents"] is None:
        console.print("no latents: prepare with --latents MODEL to train a teacher or a student on it")
    else:
        console.print(f"latents and text tokens by model {manifest['latents']['model']}: ready for training")
    console.print(f"wrote {out}; a picture of lengths and levels is {out / 'histogram.png'}")


def _counted(counts: dict[str, int]) -> str:
    """``12 rain, 3 dog``, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    more = [f"and {len(ordered) - LISTED} more kinds"] if len(ordered) > LISTED else []
    return ", ".join([f"{count} {name}" for name, count in ordered[:LISTED]] + more)
