"""Sheets of one JSON object a line."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from soundctm.batch.faults import Fault
from soundctm.errors import shown

CONSTANT = re.compile(r'"(?:\\.|[^"\\])*"|(NaN|-?Infinity)')  # texts are passed over
Value = str | int | float | bool | None


@dataclass(frozen=True)
class Entry:
    """What one line says, by column."""

    line: int
    values: dict[str, Value]


class _Twice(ValueError):
    """A key that stands twice in an object."""


class _NoNumber(ValueError):
    """NaN and the infinities, which are no JSON."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found


def _refuse(name: str) -> object:
    raise _NoNumber(name)


def entries(text: str) -> Iterator[Entry | Fault]:
    """What each line says, or what is wrong with it; empty lines are passed over."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _entry(number, line)


def _constant(line: str) -> int:
    """Where the first NaN or infinity stands outside of texts."""
    return next(match.start(1) for match in CONSTANT.finditer(line) if match.group(1))


def _entry(number: int, line: str) -> Entry | Fault:
    try:
        found = json.loads(line, object_pairs_hook=_once, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        return Fault(number, str(error.colno), f"this is no JSON ({error.msg}); write one object a line")
    except _Twice as error:
        return Fault(number, str(error), "the key stands here twice; keep one")
    except _NoNumber as error:
        return Fault(number, str(_constant(line) + 1), f"{error} is no number; give one, or leave the key out")
    except (RecursionError, ValueError):  # objects in objects without end, numbers of thousands of digits
        return Fault(number, "1", "this is no JSON that can be read; write one flat object a line")
    if not isinstance(found, dict):
        return Fault(
            number, "1", f'{shown(line.strip())} is no object; write one a line, for example {{"prompt": "rain"}}'
        )
    for key, value in found.items():
        if not isinstance(value, Value):
            return Fault(number, key, "is a list or an object; give one text, number, true or false")
    return Entry(number, found)
