"""Tables as text: cells parted by commas or tabs, quoted as RFC 4180 has it.

The reader of the standard library does not say where a quote began that is never closed, nor which cell is too long, so
this one is our own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from soundctm.batch.faults import Fault
from soundctm.errors import shown

COMMA, TAB = ",", "\t"


@dataclass(frozen=True)
class Record:
    """One row of cells, and the line that it begins in."""

    line: int
    cells: tuple[str, ...]


class Broken(Exception):
    """A table that cannot be read past this fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def records(text: str, mark: str) -> Iterator[Record]:
    """The rows of a table whose cells are parted by ``mark``; lines without anything in them are passed over.

    Raises :class:`Broken` where a quote is never closed, or something follows a closed one.
    """
    plain = re.compile(f"[^{mark}\r\n]*")
    place, line, start = 0, 1, 1
    cells: list[str] = []
    while place < len(text):
        if text[place] == '"':
            cell, place, lines = _quoted(text, place, line, len(cells) + 1, mark)
            line += lines
        else:
            match = plain.match(text, place)
            cell, place = (match.group(), match.end()) if match else ("", place)
        cells.append(cell.strip())
        if text.startswith(mark, place):
            place += 1
            if place < len(text):
                continue
            cells.append("")
        place += 2 if text.startswith("\r\n", place) else 1
        line += 1
        if any(cells):
            yield Record(start, tuple(cells))
        cells, start = [], line


def _quoted(text: str, place: int, line: int, number: int, mark: str) -> tuple[str, int, int]:
    """A cell in quotes that begins at ``place``: its text, the place behind it, and how many lines it breaks."""
    end = place + 1
    while True:
        end = text.find('"', end)
        if end < 0:
            raise Broken(Fault(line, str(number), 'a quote (") is opened here and never closed; close it'))
        if not text.startswith('""', end):
            break
        end += 2
    inside = text[place + 1 : end]
    end += 1
    if end < len(text) and text[end] not in (mark, "\r", "\n"):
        after = shown(text[end : end + 20])
        what = f'{after} follows a closed quote; write a quote inside a cell twice ("")'
        raise Broken(Fault(line + _breaks(inside), str(number), what))
    return inside.replace('""', '"'), end, _breaks(inside)


def _breaks(text: str) -> int:
    """How many lines end in a text, by any of the three signs."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")
