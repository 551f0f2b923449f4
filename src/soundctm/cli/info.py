"""``soundctm info``: what a file or a model is."""

import json
import sys
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from soundctm.cli.common import JsonOption


def info(
    target: str = typer.Argument(help="An audio file, a shipped model's name, a model folder or a hub id."),
    as_json: bool = JsonOption,
) -> None:
    """Show the recipe of a sound, or the parts of a model."""
    path = Path(target)
    is_file = path.is_file() or path.suffix.lower() in {".wav", ".flac", ".ogg"}
    facts = _file_facts(path) if is_file else _model_facts(target)
    if as_json:
        sys.stdout.write(json.dumps(facts) + "\n")
        return
    table = Table(show_header=False, box=None)
    for key, value in facts.items():
        table.add_row(key, escape(str(value)))
    Console().print(table)


def _file_facts(path: Path) -> dict[str, Any]:
    from soundctm.audio import Clip

    clip = Clip.load(path)
    facts: dict[str, Any] = {
        "file": str(path), "seconds": round(clip.duration, 3), "sample_rate": clip.sample_rate,
        "channels": clip.samples.shape[0],
    }  # fmt: skip
    recipe = clip.recipe.model_dump(mode="json") if clip.recipe else {"recipe": "none: not made by soundctm"}
    return facts | {f"recipe.{key}" if key in facts else key: value for key, value in recipe.items()}


def _model_facts(target: str) -> dict[str, Any]:
    from soundctm.folder import locate, read_parts

    folder = locate(target)
    parts = read_parts(folder)
    modules = {
        "student": parts.student, "autoencoder": parts.autoencoder, "text_encoder": parts.text_encoder,
        "teacher": parts.teacher,
    }  # fmt: skip
    counts = {
        f"{name} parameters": f"{sum(p.numel() for p in module.parameters()):,}"
        for name, module in modules.items()
        if module is not None
    }
    config = parts.config
    return {
        "model": config.name, "hash": parts.model_hash, "folder": str(folder), "seconds": config.seconds,
        "longest": config.max_seconds, "omega": config.omega, "autoencoder": config.autoencoder.kind,
        "text_encoder": config.text_encoder.kind, **counts,
    }  # fmt: skip
