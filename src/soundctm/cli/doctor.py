"""``soundctm doctor``: whether a model computes here what it should, how fast, and what to use."""

import sys

import typer

from soundctm.cli.measuring import measuring
from soundctm.cli.options import JsonOption, ModelOption

OFF = 1  # exit code where something computes wrongly


def doctor(
    model: str = ModelOption,
    device: str = typer.Option("all", help="all, cpu, cuda, mps."),
    engine: str = typer.Option("all", help="all, eager, compiled, onnx."),
    precision: str = typer.Option("all", help="all, float32, tf32, bfloat16, int8."),
    quick: bool = typer.Option(
        False, "--quick", help="Only the comparison with the stored references; slow the first time."
    ),
    as_json: bool = JsonOption,
) -> None:
    """Examine this machine: is every way to compute right, how fast is it, what fits, what to use.

    The exit code is 1 where something is off.

    Examples:

        soundctm doctor

        soundctm doctor --quick --json
    """
    from soundctm.doctor.run import examine
    from soundctm.doctor.settings import Settings

    settings = Settings(model=model, device=device, engine=engine, precision=precision, quick=quick)
    with measuring() as tell:
        diagnosis = examine(settings, tell, ("soundctm", *sys.argv[1:]))
    if as_json:
        sys.stdout.write(diagnosis.model_dump_json() + "\n")
    else:
        from soundctm.cli.doctor_table import show

        show(diagnosis)
    if not diagnosis.healthy:
        raise typer.Exit(OFF)
