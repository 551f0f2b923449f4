"""``soundctm export``: a model for other runtimes."""

from pathlib import Path

import typer

from soundctm.errors import UserError

FORMATS = ("onnx",)


def export(
    model: str = typer.Argument(help="A shipped model, a model folder, or a hub id."),
    format: str = typer.Option("onnx", help="onnx is the only one so far."),
    out: Path = typer.Option(..., "--out", "-o", help="New folder for the graphs."),
    opset: int = typer.Option(None, help="Version of the ONNX operators, 20 to 24; 23 when left out."),
) -> None:
    """Write every part of a model as an ONNX graph, checked against torch, with a page on how to use them.

    Example:

        soundctm export mini --format onnx --out mini-onnx
    """
    if format not in FORMATS:
        raise UserError(f"format is {format!r}; accepted is {', '.join(FORMATS)}")
    if out.exists():
        raise UserError(f"{out} exists already; choose a new folder with --out")
    from soundctm.engines.onnx.export import export as write
    from soundctm.engines.onnx.write import OPSET
    from soundctm.folder import locate, read_parts

    folder = write(read_parts(locate(model)), out, OPSET if opset is None else opset, typer.echo)
    typer.echo(f"wrote {folder}; its README.md says how to make a sound with it")
