"""What the page says of one experiment."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from reproduction.page import table


@dataclass(frozen=True)
class Claim:
    """Something that was wanted, what was measured, and whether it is met."""

    what: str
    wanted: str
    measured: str
    met: bool

    @property
    def verdict(self) -> str:
        """In words."""
        return "met" if self.met else "**not met**"


@dataclass(frozen=True)
class Table:
    """A table with its heading row, and a line before it."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    before: str = ""


@dataclass(frozen=True)
class Section:
    """``how`` it was measured; tables; claims; pictures as ``(file name, caption)``."""

    title: str
    how: str
    tables: Sequence[Table] = ()
    claims: Sequence[Claim] = ()
    pictures: Sequence[tuple[str, str]] = field(default=())

    def lines(self) -> list[str]:
        """Markdown."""
        lines = [f"### {self.title}", "", self.how, ""]
        for each in self.tables:
            lines += [each.before, ""] if each.before else []
            lines += [*table(each.header, each.rows), ""]
        lines += [f"- {c.what}: {c.measured} (wanted: {c.wanted}), {c.verdict}" for c in self.claims]
        lines += [""] if self.claims else []
        for name, caption in self.pictures:
            lines += [f"![{caption}](images/{name})", "", f"*{caption}*", ""]
        return lines


def number(value: float, digits: int = 1) -> str:
    """``12.3``."""
    return f"{value:.{digits}f}"


def fallen(points: float, low: float, high: float) -> str:
    """``2.5 (-1.7 to 6.7)``."""
    return f"{number(points)} ({number(low)} to {number(high)})"


def decibels(value: float | None) -> str:
    """A level; None where nothing differs."""
    return "none" if value is None else f"{value:.0f} dB"
