"""From text to checked rows, or all that is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from soundctm.batch.faults import Fault, SheetError, shown
from soundctm.batch.jsonl import Entry, entries
from soundctm.batch.names import free_name, name_of, searchable
from soundctm.batch.reading import SheetText
from soundctm.batch.row import COLUMNS, PARTS, SET_TRIES, STEERED_STEPS, Row, plain_words
from soundctm.batch.table import COMMA, TAB, Broken, Record, records

Model = TypeVar("Model", bound=BaseModel)
MOST_ROWS = 10_000
FOREIGN = {";": "semicolons", "\t": "tabs", ",": "commas"}  # what some programs part cells by
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Line:
    """A row with the line of the sheet that it begins in."""

    number: int
    row: Row


def read_sheet(sheet: SheetText, defaults: Mapping[str, Any] | None = None) -> list[Line]:
    """The rows of a sheet; ``defaults`` are values for columns that a row leaves out.

    Raises :class:`SheetError` with every fault of every row.
    """
    faults: list[Fault] = []
    found: list[Entry] = []
    for each in entries(sheet.text) if sheet.form == "jsonl" else _table(sheet):
        if isinstance(each, Fault):
            faults.append(each)
        else:
            found.append(each)
    if not found and not faults:
        faults.append(Fault(1, "prompt", "there is no row below the headings; write one for each prompt"))
    if len(found) > MOST_ROWS:
        faults.append(Fault(found[MOST_ROWS].line, "1", f"there are more than {MOST_ROWS:,} rows; split the sheet"))
        found = found[:MOST_ROWS]
    lines = _lines(found, dict(defaults or {}), sheet.form == "jsonl", faults)
    if faults:
        raise SheetError(sheet.source, faults)
    return lines


def _table(sheet: SheetText) -> Iterator[Entry | Fault]:
    """The rows of a table by the columns of its first line."""
    try:
        found = records(sheet.text, TAB if sheet.form == "tsv" else COMMA)
        head = next(found, None)
        if head is None:
            yield Fault(1, "1", "there is nothing but empty cells; write a line of headings, then a row a prompt")
            return
        faults = list(_head_faults(head))
        yield from faults
        if not faults:
            for record in found:
                yield _entry(head, record)
    except Broken as error:
        yield error.fault


def _head_faults(head: Record) -> Iterator[Fault]:
    if not any(cell.lower() in COLUMNS for cell in head.cells):
        parted = next((name for sign, name in FOREIGN.items() if sign in head.cells[0]), "")
        what = f"this is no line of headings; begin with one, its columns among {', '.join(COLUMNS)}"
        what = f"its cells are parted by {parted}; save it with commas, or as .tsv with tabs" if parted else what
        yield Fault(head.line, "1", f"{shown(head.cells[0])}: {what}")
        return
    for number, cell in enumerate(head.cells, 1):
        if not cell:
            yield Fault(head.line, str(number), "the heading is empty; name the column or take it out")
        elif cell not in COLUMNS:
            yield Fault(head.line, cell[:40], _unknown(cell))
        elif cell in head.cells[: number - 1]:
            yield Fault(head.line, cell, "the heading stands here twice; keep one")
    if "prompt" not in map(str.lower, head.cells):
        yield Fault(head.line, "prompt", "the heading is missing; every row needs a prompt")


def _unknown(name: str) -> str:
    near = get_close_matches(name.lower(), COLUMNS, n=1)
    meant = f"did you mean {near[0]}?" if near else f"known are {', '.join(COLUMNS)}"
    return f"{shown(name)} is no column; {meant}"


def _entry(head: Record, record: Record) -> Entry | Fault:
    """A row's cells by column; an empty one says nothing."""
    if len(record.cells) != len(head.cells):
        more = len(record.cells) > len(head.cells)
        number = len(head.cells) + 1 if more else len(record.cells) + 1
        column = str(number) if more else head.cells[number - 1]
        hint = "put a cell with a comma into quotes" if more else "write every cell, empty ones too"
        what = f"the row has {len(record.cells)} cells, the headings {len(head.cells)}; {hint}"
        return Fault(record.line, column, what)
    return Entry(record.line, {name: cell for name, cell in zip(head.cells, record.cells, strict=True) if cell})


def _lines(found: Sequence[Entry], defaults: dict[str, Any], strict: bool, faults: list[Fault]) -> list[Line]:
    """Checked rows; faults are added to. Names that are given come first, the others find their place among them."""
    named: dict[str, int] = {}
    for entry in found:
        name = entry.values.get("name")
        if isinstance(name, str):
            key = searchable(name)
            if key in named:
                what = f"{shown(name)} is the name of line {named[key]} already; give every row its own"
                faults.append(Fault(entry.line, "name", what))
            named.setdefault(key, entry.line)
    taken, numbers = set(named), dict[str, int]()
    lines = []
    for entry in found:
        values = {key: value for key, value in entry.values.items() if value is not None}
        if "name" not in values:
            wanted = name_of(str(values.get("prompt", "")))
            name, numbers[wanted] = free_name(wanted, taken, numbers.get(wanted, 1))
            values["name"] = name
            taken.add(searchable(name))
        row = _row(entry.line, defaults, values, strict, faults)
        lines += [] if row is None else [Line(entry.line, row)]
    return lines


def _row(line: int, defaults: dict[str, Any], values: dict[str, Any], strict: bool, faults: list[Fault]) -> Row | None:
    before = len(faults)
    for key, value in values.items():
        if key not in COLUMNS:
            faults.append(Fault(line, key[:40], _unknown(key)))
        elif isinstance(value, str) and BYTE_ORDER_MARK in value:
            what = "there is a byte order mark inside the sheet; two files were put together: take it out"
            faults.append(Fault(line, key, what))
    if len(faults) > before:
        return None
    values = values if strict else {key: _number_of(key, value) for key, value in values.items()}
    try:
        return row_of({**defaults, **values}, strict)
    except Cells as error:
        faults += [Fault(line, column, what) for column, what in error.found]
        return None


class Cells(Exception):
    """Columns of a row with what is wrong in them."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        super().__init__(found)
        self.found = found


def _number_of(column: str, text: str) -> Any:
    """A rate as a number: it is one of a few, which are compared as they are."""
    return int(text) if column == "sample_rate" and text.isascii() and text.isdigit() and len(text) < 10 else text


def row_of(values: Mapping[str, Any], strict: bool) -> Row:
    """A row of values by column. ``strict``: a number is no text. Raises :class:`Cells`."""
    rest, found = dict(values), list[tuple[str, str]]()
    for part, model in PARTS.items():
        own = {key: rest.pop(key) for key in model.model_fields if key in rest}
        if part == "delivery" and "loudness" in own:
            own.setdefault("level", "loudness")
        rest[part] = _validated(model, own, strict, found)
    rest.setdefault("prompt", "")
    if rest.get("intensity") is not None or rest.get("distance") is not None:
        rest.setdefault("steps", STEERED_STEPS)
    if rest.get("distance") is not None:
        rest.setdefault("tries", SET_TRIES)
    row = _validated(Row, {key: value for key, value in rest.items() if value is not None}, strict, found)
    if row is not None and not found and (together := _together(row)):
        found.append(together)
    if row is None or found:
        raise Cells(found)
    return row


def _validated(model: type[Model], values: dict[str, Any], strict: bool, found: list[tuple[str, str]]) -> Model | None:
    try:
        return model.model_validate(values, strict=strict)
    except ValidationError as error:
        found += [(str(each["loc"][0]), plain_words(each)) for each in error.errors()]
        return None


def _together(row: Row) -> tuple[str, str] | None:
    """What only two columns together are wrong in."""
    if row.negative and row.nu == 1.0:
        return "negative", "a negative prompt has no effect at nu = 1; give nu above 1, for example 2"
    if row.distance is not None and row.distance.gamma > 0 and row.steps < 2:
        return "steps", "relatives of a take need 2 steps or more; 16 is good"
    if row.loop and (row.delivery.trim or row.delivery.fade_in or row.delivery.fade_out):
        return "loop", "a trim or a fade would break the seam of a loop; deliver it without them"
    fades = row.delivery.fade_in + row.delivery.fade_out
    if row.seconds is not None and fades > row.seconds:
        return "fade_out", f"the fades take {fades:g} s, the sound lasts {row.seconds:g} s; make them shorter"
    return None
