"""What became of every take, as a table."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from soundctm.batch.course import NO_FIRST, Course
from soundctm.batch.journal import Entry, Journal
from soundctm.delivery.ucs import THRESHOLD
from soundctm.model import SoundCTM

KEPT, LEFT_OUT = "kept", "left out"
COLUMNS = (
    "row", "take", "verdict", "file", "seed", "variation", "turn", "steps", "loop", "tries", "reason", "loudest",
    "clipped", "dc", "seconds", "match", "nearest", "to_first", "format", "sample_rate", "loudness", "true_peak",
    "gain", "level_reached", "delivered_seconds", "cut", "catid", "catid_nearest", "catid_score", "prompt",
    "understood", "understood_score", "model", "model_hash",
)  # fmt: skip
DIGITS = {
    "turn": 4,
    "clipped": 5,
    "dc": 5,
    "seconds": 4,
    "delivered_seconds": 4,
    "match": 3,
    "nearest": 3,
    "to_first": 3,
    "catid_score": 3,
    "understood_score": 3,
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets compute


@dataclass(frozen=True)
class Result:
    """A line of the report, and the files of a kept take: the sound and its picture."""

    cells: dict[str, Any]
    files: tuple[str, ...]

    @property
    def kept(self) -> bool:
        return bool(self.files)


def results_of(course: Course, journal: Journal, model: SoundCTM) -> list[Result]:
    """The takes of a row that is done."""
    order = course.order
    about = {
        "row": order.row.name, **{key: value for key, value in order.called.about.items() if key != "stems"},
        "steps": order.base.steps, "loop": order.base.loop, "format": order.row.delivery.format,
        "prompt": order.row.prompt, "understood": order.grasp.text, "understood_score": order.grasp.nearness,
        "model": model.config.name, "model_hash": model.model_hash,
    }  # fmt: skip
    results = []
    for slot in range(order.row.takes):
        tries = [journal.entries[order.key, slot, attempt] for attempt in range(course.tried[slot])]
        results.append(_result(about, slot, tries, order.refused or NO_FIRST))
    return results


def _result(about: dict[str, Any], slot: int, tries: list[Entry], untried: str) -> Result:
    cells = {**about, "take": slot + 1, "tries": len(tries), "verdict": LEFT_OUT, "reason": untried, "file": ""}
    if not tries:
        return Result(cells, ())
    last = tries[-1]
    reasons = [f"try {entry.attempt + 1}: {entry.reason}" for entry in tries if entry.reason]
    cells |= {
        "seed": last.seed,
        "variation": last.variation,
        "turn": last.share,
        "reason": " | ".join(reasons),
        **last.figures,
    }
    if last.kept:
        cells |= {"verdict": KEPT, "file": next(iter(last.files))}
    return Result(cells, tuple(last.files))


def shown(column: str, value: Any) -> str:
    """A cell as text: figures in the digits that they are sure of."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value + 0.0:.{DIGITS.get(column, 2)}f}"
    return str(value)


def category_of(result: Result) -> str:
    """The category that a row's files are named by, in words, and how near it is where it was suggested; "" where none
    was given or looked for."""
    cells = result.cells
    if cells["catid_score"] is None:
        return f"Category: {cells['catid']}" if cells["catid"] else ""
    score = shown("catid_score", cells["catid_score"])
    if cells["catid"]:
        return f"Category: {cells['catid']}, suggested with a score of {score}"
    return f"No category: the nearest is {cells['catid_nearest']} at {score}, below {THRESHOLD:g}"


def shortfalls(result: Result) -> Iterator[str]:
    """In what a kept take is not as it was asked for, in words."""
    cells = result.cells
    if cells.get("level_reached") is False:
        yield f"{shown('loudness', cells['loudness'])} LUFS is not the loudness that was asked for (see its ceiling)"
    if cells.get("cut"):
        yield f"samples beyond full scale were cut: {cells['cut']}"


def _safe(column: str, text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if column in ("prompt", "understood", "row") and text.startswith(FORMULA) else text


def report_of(results: list[Result]) -> bytes:
    """The table, as ``report.csv`` has it, with the mark without which Excel does not read UTF-8."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for result in results:
        table.writerow([_safe(column, shown(column, result.cells.get(column))) for column in COLUMNS])
    return text.getvalue().encode("utf-8-sig")
