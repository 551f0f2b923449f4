"""From text to checked rows, or all that is wrong with it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from soundctm.batch.cells import Cells, by_column, over, row_of
from soundctm.batch.faults import Fault, SheetError
from soundctm.batch.jsonl import Entry, Value, entries
from soundctm.batch.names import free_name, name_of, searchable
from soundctm.batch.reading import SheetText
from soundctm.batch.row import ALIASES, COLUMNS, NOT_HEARD, Row
from soundctm.batch.table import COMMA, TAB, Broken, Record, records
from soundctm.errors import shown

Columns = Iterable[tuple[str, str]]
Further = Callable[[Mapping[str, Any], Row | None, set[str]], Columns]
"""What else is wrong, by column, in a row of these values, which is None where columns of it are at fault already."""
MOST_ROWS = 10_000
HEADINGS = (*COLUMNS, *ALIASES)
FOREIGN = {";": "semicolons", "\t": "tabs", ",": "commas"}  # what some programs part cells by
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Line:
    """A row with the line of the sheet that it begins in; ``numbered`` where its name, and with it its seed, depends on
    which rows stand before it."""

    number: int
    row: Row
    numbered: bool = False


def nothing(values: Mapping[str, Any], row: Row | None, bad: set[str]) -> Columns:
    """No further check."""
    return ()


def read_sheet(
    sheet: SheetText, defaults: Mapping[str, Any] | None = None, further: Further = nothing
) -> list[Line]:  # fmt: skip
    """The rows of a sheet; ``defaults`` are values for columns that a row leaves out, ``further`` finds what is wrong
    with a row beside its own columns.

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
    named, numbered = _named(found, faults)
    lines = []
    for entry in named:
        row, wrong = _row(entry, dict(defaults or {}), sheet.form == "jsonl", further)
        faults += [Fault(entry.line, column, what) for column, what in wrong]
        lines += [] if row is None else [Line(entry.line, row, entry.line in numbered)]
    faults += _twins(lines)
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
    if head.cells[0].lower() in ("sep=", "sep=,") and not any(head.cells[1:]):
        yield Fault(head.line, "1", f"{shown(head.cells[0])} is for spreadsheets alone; take this line out")
        return
    if not any(cell.lower() in HEADINGS for cell in head.cells):
        parted = next((name for sign, name in FOREIGN.items() if sign in head.cells[0]), "")
        what = f"this is no line of headings; begin with one, its columns among {', '.join(COLUMNS)}"
        what = f"its cells are parted by {parted}; save it with commas, or as .tsv with tabs" if parted else what
        yield Fault(head.line, "1", f"{shown(head.cells[0])}: {what}")
        return
    for number, cell in enumerate(head.cells, 1):
        if not cell:
            yield Fault(head.line, str(number), "the heading is empty; name the column or take it out")
        elif cell not in HEADINGS:
            yield Fault(head.line, cell[:40], _unknown(cell))
        elif ALIASES.get(cell) in head.cells:
            what = f"the heading is another word for {ALIASES[cell]}, which has a column too; keep one"
            yield Fault(head.line, cell, what)
        elif cell in head.cells[: number - 1]:
            yield Fault(head.line, cell, "the heading stands here twice; keep one")
    if "prompt" not in map(str.lower, head.cells):
        yield Fault(head.line, "prompt", "the heading is missing; every row needs a prompt")


def _unknown(name: str) -> str:
    near = get_close_matches(name.lower(), HEADINGS, n=1)
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


def _named(found: Sequence[Entry], faults: list[Fault]) -> tuple[list[Entry], set[int]]:
    """The rows, each with a name, and the lines of those whose name was made and numbered; faults are added to. Names
    that are given come first, the others find their place among them."""
    given: dict[str, int] = {}
    for entry in found:
        name = entry.values.get("name")
        if isinstance(name, str):
            key = searchable(name)
            if key in given:
                what = f"{shown(name)} is the name of line {given[key]} already; give every row its own"
                faults.append(Fault(entry.line, "name", what))
            given.setdefault(key, entry.line)
    taken, numbers = set(given), dict[str, int]()
    named, numbered = list[Entry](), set[int]()
    for entry in found:
        values: dict[str, Value] = {key: value for key, value in entry.values.items() if value is not None}
        if "name" not in values:
            wanted = name_of(str(values.get("prompt", "")))
            name, numbers[wanted] = free_name(wanted, taken, numbers.get(wanted, 1))
            values["name"] = name
            numbered |= {entry.line} if name != wanted else set()
            taken.add(searchable(name))
        named.append(Entry(entry.line, values))
    return named, numbered


def _twins(lines: Sequence[Line]) -> Iterator[Fault]:
    """Rows whose files would be those of another row under other names: their seed was copied with the rest. Without a
    seed it follows from the name, and a row that is delivered otherwise is another form of the same sound."""
    first: dict[str, int] = {}
    for line in lines:
        if line.row.seed is None:
            continue
        other = first.setdefault(line.row.model_dump_json(exclude=NOT_HEARD), line.number)
        if other != line.number:
            what = (
                f"{line.row.seed} is the seed of line {other} too, with the same prompt, settings and delivery: the "
                "same sounds twice; give another, or leave it out"
            )
            yield Fault(line.number, "seed", what)


def _row(
    entry: Entry, defaults: dict[str, Any], strict: bool, further: Further
) -> tuple[Row | None, list[tuple[str, str]]]:
    """The row of an entry, and what is wrong with it by column."""
    row, wrong = None, []
    for key, value in entry.values.items():
        if key not in HEADINGS:
            wrong.append((key[:40], _unknown(key)))
        elif isinstance(value, str) and BYTE_ORDER_MARK in value:
            what = "there is a byte order mark inside the sheet; two files were put together: take it out"
            wrong.append((key, what))
    if wrong:
        return None, wrong
    own: Mapping[str, Any] = entry.values
    try:
        own = by_column(own)
        row = row_of(own, strict, defaults)
    except Cells as error:
        wrong = error.found
    wrong += further(over(defaults, own), row, {column for column, _ in wrong})
    said = {column: word for word, column in ALIASES.items() if word in entry.values}
    return row, [(said.get(column, column), what) for column, what in wrong]
