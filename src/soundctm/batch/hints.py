"""What whoever wrote a sheet should know of it, though nothing is wrong."""

from collections.abc import Iterator, Sequence

from soundctm.batch.order import Order
from soundctm.batch.sheet import Line

NAMED = 8  # lines or files that are named in one note


def some(things: Sequence[object]) -> str:
    """The first few of a list in words, and how many more there are."""
    more = f", and {len(things) - NAMED} more" if len(things) > NAMED else ""
    return ", ".join(map(str, things[:NAMED])) + more


def hints(lines: Sequence[Line], orders: Sequence[Order]) -> Iterator[str]:
    """Notes on the rows of a sheet, whose orders are in their order."""
    numbered = [f"line {line.number} ({line.row.name})" for line in lines if line.numbered]
    if numbered:
        yield (
            f"numbered by their order, for want of names, and seeded by that: {some(numbered)}; give them names of "
            "their own, and rows may come, go and move without a change to these"
        )
    alike: dict[str, list[int]] = {}
    for order in orders:
        if not order.refused:  # what the model hears counts, not by which words it was asked for
            heard = order.base.model_copy(update={"prompt": order.grasp.text})
            alike.setdefault(heard.model_dump_json(), []).append(order.line)
    for twins in alike.values():
        if len(twins) > 1:
            yield (
                f"lines {some(twins)} mean the same to the model and have the same seed and settings, so they come to "
                "the same sounds; give them other seeds if that is not meant"
            )
