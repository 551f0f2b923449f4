"""``soundctm info``: what a file or a model is."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from soundctm.batch.faults import printable
from soundctm.cli.options import JsonOption
from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip
    from soundctm.delivery import Delivery

SAME = 0.05  # LU and dB by which dither and rounding move a figure
STATED = {  # figures of loudness by their names in bext, iXML and comments, and in ASWG
    "loudness": "integrated", "loudness_range": "range", "true_peak": "true_peak", "momentary": "momentary",
    "short_term": "short_term", "LOUDNESS_VALUE": "integrated", "LOUDNESS_RANGE": "range",
    "MAX_TRUE_PEAK_LEVEL": "true_peak", "MAX_MOMENTARY_LOUDNESS": "momentary",
    "MAX_SHORT_TERM_LOUDNESS": "short_term", "loudnessRange": "range", "maxPeak": "true_peak",
}  # fmt: skip


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
    measured = facts.get("loudness")
    facts = _once(facts, measured) if isinstance(measured, dict) else facts
    rows = []
    for key, value in facts.items():
        for name, words in _rows(key, value):
            if key == "origin" or (words := _beside_origin(words, facts.get("origin", ""))):
                rows.append((printable(name), printable(words)))
    _print(rows)


def _print(rows: Sequence[tuple[str, str]]) -> None:
    """Names beside their words: in two columns as wide as a terminal, elsewhere on lines of their own, however long,
    as what reads a pipe wants whole lines."""
    console = Console()
    if not console.is_terminal:
        width = max(len(name) for name, _ in rows)
        sys.stdout.writelines(f" {name:<{width}}  {words}".rstrip() + "\n" for name, words in rows)
        return
    table = Table(show_header=False, box=None)
    for name, words in rows:
        table.add_row(escape(name), escape(words))
    console.print(table)


def _rows(name: str, value: object) -> Iterator[tuple[str, str]]:
    """A row for each field of what may be a table, or a list of tables, of fields."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0] if len(value) == 1 else {str(number): each for number, each in enumerate(value, start=1)}
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _rows(f"{name} {key}", inner)
    else:
        yield name, _in_words(value)


def _once(value: Any, measured: Mapping[str, Any]) -> Any:
    """Metadata without the figures of loudness that are as measured, which have rows of their own: what is left
    differs, as after an edit."""
    if value is measured or not isinstance(value, dict):
        return value
    return {
        name: _once(inner, measured)
        for name, inner in value.items()
        if not _as_measured(inner, measured.get(STATED.get(name, "")))
    }


def _as_measured(stated: object, measured: float | None) -> bool:
    try:
        return measured is not None and abs(float(str(stated)) - measured) <= SAME
    except ValueError:
        return False


def _beside_origin(words: str, origin: str) -> str:
    """What a field says beside the sentence on the origin, which has a row of its own."""
    head, _, rest = words.rpartition(" | ")
    return head if rest and origin.startswith(rest) else words


def _in_words(value: object) -> str:
    """A value for people, without brackets and quotes."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], float):  # a point of a target
        return f"{value[0]:g}:{'free' if value[1] is None else format(value[1], 'g')}"
    if isinstance(value, list):
        return "; ".join(_in_words(inner) for inner in value)
    return str(value)


def _file_facts(path: Path, whole: bool) -> dict[str, Any]:
    """What is known of a file: of its recipe all, or what differs from the ordinary; loudness, and its metadata."""
    from soundctm.audio import Clip, read_recipe
    from soundctm.audio.io import read_audio
    from soundctm.audio.truncation import file_ends_early
    from soundctm.delivery.reading import read_deliveries, read_tags, word_length
    from soundctm.delivery.verify import missing_recipe

    clip = Clip(*read_audio(path))
    facts: dict[str, Any] = {
        "file": str(path), "seconds": round(clip.duration, 3), "sample_rate": clip.sample_rate,
        "channels": clip.samples.shape[0], "stored": word_length(path), "loudness": _loudness(clip), **read_tags(path),
    }  # fmt: skip
    if file_ends_early(path):
        facts["cut off"] = "it ends before its header says; fetch it again"
    try:
        clip = replace(clip, recipe=read_recipe(path))
    except UserError as error:
        return {**facts, "recipe": f"none: {error}"}
    if clip.recipe is None:
        return {**facts, "recipe": f"none: {missing_recipe(path)}"}
    facts["origin"] = _origin(clip, path)
    done = [_done(each, whole) for each in read_deliveries(path)]
    facts |= {"delivered": done} if done else {}
    recipe = clip.recipe.model_dump(mode="json", exclude_defaults=not whole)
    if not whole:
        recipe["take"] += 1  # people count from 1, as names of files do
    if not whole and clip.recipe.edit is not None:
        recipe["edit"] = clip.recipe.edit.model_dump(mode="json")
    return facts | {f"recipe.{key}" if key in facts else key: value for key, value in recipe.items()}


def _done(delivery: "Delivery", whole: bool) -> dict[str, Any]:
    """A delivery: all of it, or its format and what was asked for beside that, though it be the default."""
    if whole:
        return delivery.model_dump(mode="json")
    found = {"format": delivery.format, **delivery.model_dump(mode="json", exclude_defaults=True)}
    found |= {"loudness": delivery.loudness} if delivery.level == "loudness" else {}
    return found | ({} if delivery.limit is None else {"ceiling": delivery.limit})


def _loudness(clip: "Clip") -> dict[str, Any] | str:
    """Figures, or why there are none."""
    from soundctm.cli.delivering import figures
    from soundctm.delivery.loudness import measure

    try:
        return figures(measure(clip.samples, clip.sample_rate))
    except UserError as error:
        return f"not measured: {error}"


def _origin(clip: "Clip", path: Path) -> str:
    """The sentence on the origin, with the licence that the file states where it states one."""
    from soundctm.cli.delivering import origin_of
    from soundctm.delivery.gather import gather
    from soundctm.delivery.tags import UNKNOWN_ORIGIN

    origin = origin_of(clip, gather(path).licence)
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
