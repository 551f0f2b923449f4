"""``soundctm info``: what a file or a model is."""

import json
import sys
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from soundctm.cli.options import JsonOption


def info(
    target: str = typer.Argument(help="An audio file, a shipped model's name, a model folder or a hub id."),
    as_json: bool = JsonOption,
) -> None:
    """Show the recipe of a sound, or the parts of a model."""
    path = Path(target)
    is_file = path.is_file() or path.suffix.lower() in {".wav", ".flac", ".ogg"}
    facts = _file_facts(path, whole=as_json) if is_file else _model_facts(target)
    if as_json:
        sys.stdout.write(json.dumps(facts) + "\n")
        return
    table = Table(show_header=False, box=None)
    for key, value in facts.items():
        table.add_row(key, escape(_in_words(value)))
    Console().print(table)


def _in_words(value: object) -> str:
    """A value for people: nested tables in one line, without brackets and quotes."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_in_words(inner)}" for key, inner in value.items())
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], float):  # a point of a target
        return f"{value[0]:g}:{'free' if value[1] is None else format(value[1], 'g')}"
    if isinstance(value, list):
        return "; ".join(_in_words(inner) for inner in value)
    return str(value)


def _file_facts(path: Path, whole: bool) -> dict[str, Any]:
    """What is known of a file; of its recipe all, or what differs from the ordinary."""
    from soundctm.audio import Clip

    clip = Clip.load(path)
    facts: dict[str, Any] = {
        "file": str(path), "seconds": round(clip.duration, 3), "sample_rate": clip.sample_rate,
        "channels": clip.samples.shape[0],
    }  # fmt: skip
    if clip.recipe is None:
        return {**facts, "recipe": "none: not made by soundctm"}
    recipe = clip.recipe.model_dump(mode="json", exclude_defaults=not whole)
    if not whole and clip.recipe.edit is not None:
        recipe["edit"] = clip.recipe.edit.model_dump(mode="json")
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
