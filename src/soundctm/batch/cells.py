"""From the cells of a row to the row, or all that is wrong in them."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from soundctm.batch.row import ALIASES, NUMBERS, PARTS, SET_TRIES, STEERED_STEPS, Row
from soundctm.errors import WANTED, plain_words, shown

Model = TypeVar("Model", bound=BaseModel)


class Cells(Exception):
    """Columns of a row with what is wrong in them."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        super().__init__(found)
        self.found = found


def by_column(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the names of their columns, whatever words stood for them. Raises :class:`Cells` where two words stand
    for one column."""
    both = [(word, column) for word, column in ALIASES.items() if word in values and column in values]
    if both:
        raise Cells([(word, f"is another word for {column}, which is given too; keep one") for word, column in both])
    return {ALIASES.get(word, word): value for word, value in values.items()}


def over(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Values with others that count before them: who says a loudness asks for that level, and who says another level
    for no loudness."""
    gone = {"level"} if "loudness" in own else {"loudness"} if "level" in own else set()
    return {**{key: value for key, value in defaults.items() if key not in gone}, **own}


def row_of(own: Mapping[str, Any], strict: bool, defaults: Mapping[str, Any] | None = None) -> Row:
    """A row of its own values by column, with ``defaults`` for those that it leaves out. ``strict``: a number is no
    text. Raises :class:`Cells`."""
    rest = over(defaults or {}, own)
    found = [] if strict else _numbers(rest)
    rest = {key: _rate_of(key, value, strict) for key, value in rest.items() if key not in dict(found)}
    for part, model in PARTS.items():
        values = {key: rest.pop(key) for key in model.model_fields if key in rest}
        if part == "delivery" and "loudness" in values:
            values.setdefault("level", "loudness")
        rest[part] = _validated(model, values, strict, found)
    rest.setdefault("prompt", "")
    if rest.get("intensity") is not None or rest.get("distance") is not None:
        rest.setdefault("steps", STEERED_STEPS)
    if rest.get("distance") is not None:
        rest.setdefault("tries", SET_TRIES)
    row = _validated(Row, {key: value for key, value in rest.items() if value is not None}, strict, found)
    if row is not None and not found:
        found += _together(row, set(own), set(defaults or {}))
    if row is None or found:
        raise Cells(found)
    return row


def _numbers(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What Python would read as a number and nobody else would: 1_0 is not 10."""
    odd = {key: text for key, text in values.items() if isinstance(text, str) and "_" in text and key in NUMBERS}
    return [(key, f"{shown(text)} {WANTED[NUMBERS[key]]}") for key, text in odd.items()]


def _rate_of(column: str, value: Any, strict: bool) -> Any:
    """A rate as a number: it is one of a few, which are compared as they are."""
    if strict or column != "sample_rate" or not isinstance(value, str):
        return value
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else value


def _validated(model: type[Model], values: dict[str, Any], strict: bool, found: list[tuple[str, str]]) -> Model | None:
    try:
        return model.model_validate(values, strict=strict)
    except ValidationError as error:
        found += [(str(each["loc"][0]), plain_words(each)) for each in error.errors()]
        return None


def _together(row: Row, own: set[str], defaults: set[str]) -> list[tuple[str, str]]:
    """What only two columns together are wrong in. A default for sounds that are trimmed says nothing of others."""
    found, delivery = [], row.delivery
    if row.negative and row.nu <= 1.0:
        found.append(("negative", f"nu is {row.nu:g}, and a negative prompt needs nu above 1; give 2, for example"))
    if row.loop and (delivery.trim or delivery.fade_in or delivery.fade_out):
        found.append(("loop", "a trim or a fade would break the seam of a loop; deliver it without them"))
    fades = delivery.fade_in + delivery.fade_out
    if row.seconds is not None and fades > row.seconds:
        what = f"the fades take {fades:g} s, the sound lasts {row.seconds:g} s; make them shorter"
        found.append(("fade_out", what))
    if delivery.level != "loudness" and ("loudness" in own or {"loudness", "level"} <= defaults - own):
        what = f"a loudness and the level {delivery.level!r} ask for two levels; give one of them"
        found.append(("loudness", what))
    if not delivery.trim:
        asked = [column for column in ("threshold", "margin") if column in own]
        found += [(column, f"a {column} is for a trim; give trim = yes as well, or leave it out") for column in asked]
    return found
