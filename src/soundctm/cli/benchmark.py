"""``soundctm benchmark``: how fast a model is on this machine."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from soundctm.benchmark import PRESETS
from soundctm.cli.measuring import measuring
from soundctm.cli.options import DeviceOption, JsonOption, SecondsOption
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.benchmark.results import Report


def benchmark(
    preset: str = typer.Option(None, help=f"{' or '.join(PRESETS)} (the paper's sizes, random weights)."),
    model: str = typer.Option(None, help="A model folder or a hub id, in place of a preset."),
    steps: str = typer.Option("1,4,16", help="Numbers of network steps, with commas between."),
    batch: int = typer.Option(1, help="Takes at once (1 to 1000)."),
    seconds: float = SecondsOption,
    repeats: int = typer.Option(10, help="Warm calls of each variant; 3 will do for a slow model."),
    warmup: int = typer.Option(1, help="Calls of each variant before that; 2 for compiled on a GPU."),
    threads: int = typer.Option(None, help="Threads on the CPU; what torch takes when left out."),
    device: str = DeviceOption,
    engine: str = typer.Option("eager", help="auto, eager, compiled, onnx."),
    precision: str = typer.Option("float32", help="float32, tf32, bfloat16, int8."),
    naive: bool = typer.Option(True, help="Measure the naive path too: what the official code does."),
    fresh: bool = typer.Option(True, help="Also start processes, for the first take and the peak of memory."),
    peak: float = typer.Option(None, help="TFLOP/s of the device at best; measured when left out."),
    out: Path = typer.Option(None, "--out", "-o", help="File for the figures as JSON."),
    as_json: bool = JsonOption,
) -> None:
    """Measure the time from a prompt to its sound, stage by stage, beside a naive path and a counted floor.

    Examples:

        soundctm benchmark

        soundctm benchmark --preset paper-44k-dit-1b --steps 1,16 --repeats 3 --out figures.json
    """
    from soundctm.benchmark.settings import Settings, check_out, read_steps

    if out is not None:
        check_out(out)
    from soundctm.benchmark.run import run

    settings = Settings(
        model=_subject(preset, model), steps=read_steps(steps), takes=batch, seconds=seconds, repeats=repeats,
        warmup=warmup, threads=threads, device=device, engine=engine, precision=precision, naive=naive, fresh=fresh,
        peak=None if peak is None else peak * 1e12,
    )  # fmt: skip
    with measuring() as tell:
        report = run(settings, tell, ("soundctm", *sys.argv[1:]))
    _hand_over(report, out, as_json)


def _hand_over(report: "Report", out: Path | None, as_json: bool) -> None:
    """Write the file that was asked for, and print one line of JSON or the tables."""
    if out is not None:
        from soundctm.audio.io import write_atomically

        write_atomically(out, lambda file: file.write(report.model_dump_json(indent=1).encode() + b"\n"))
    if as_json:
        sys.stdout.write(report.model_dump_json() + "\n")
        return
    from soundctm.cli.benchmark_table import show

    show(report)


def _subject(preset: str | None, model: str | None) -> str:
    """What to measure, from two options of which one may be given."""
    if preset is not None and model is not None:
        raise UserError(f"both --preset {preset} and --model {model} are given; leave one of them out")
    if preset is not None and preset not in PRESETS:
        raise UserError(f"preset is {preset!r}; accepted are {', '.join(PRESETS)}; folders go to --model")
    return model or preset or "mini"
