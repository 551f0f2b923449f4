"""``soundctm info``: what a file or a model is."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from soundctm.cli.options import JsonOption
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip


def info(
    target: str = typer.Argument(help="An audio file, a shipped model's name, a model folder or a hub id."),
    as_json: bool = JsonOption,
) -> None:
    """Show what a sound says of itself (recipe, origin, loudness, metadata), or the parts of a model."""
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
    """What is known of a file: of its recipe all, or what differs from the ordinary; loudness, and its metadata."""
    from soundctm.audio import Clip
    from soundctm.delivery.reading import read_tags, word_length

    clip = Clip.load(path)
    facts: dict[str, Any] = {
        "file": str(path), "seconds": round(clip.duration, 3), "sample_rate": clip.sample_rate,
        "channels": clip.samples.shape[0], "stored": word_length(path), "loudness": _loudness(clip), **read_tags(path),
    }  # fmt: skip
    if clip.recipe is None:
        return {**facts, "recipe": "none: not made by soundctm"}
    facts["origin"] = _origin(clip, facts)
    recipe = clip.recipe.model_dump(mode="json", exclude_defaults=not whole)
    if not whole and clip.recipe.edit is not None:
        recipe["edit"] = clip.recipe.edit.model_dump(mode="json")
    return facts | {f"recipe.{key}" if key in facts else key: value for key, value in recipe.items()}


def _loudness(clip: "Clip") -> dict[str, Any] | str:
    """Figures, or why there are none."""
    from soundctm.cli.delivering import figures
    from soundctm.delivery.loudness import measure

    try:
        return figures(measure(clip.samples, clip.sample_rate))
    except UserError as error:
        return f"not measured: {error}"


def _origin(clip: "Clip", facts: dict[str, Any]) -> str:
    """The sentence on the origin, with the licence that the file states where it states one."""
    from soundctm.cli.delivering import origin_of
    from soundctm.delivery.tags import UNKNOWN_ORIGIN

    user = facts.get("ixml", {}).get("USER", {})
    stated = facts.get("comments", {}).get("LICENSE") or (user.get("LICENCE") if isinstance(user, dict) else None)
    origin = origin_of(clip, stated or "")
    return UNKNOWN_ORIGIN if origin is None else origin.statement


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
