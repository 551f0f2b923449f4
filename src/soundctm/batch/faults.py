"""What is wrong with a sheet, all of it, each by line and column."""

from dataclasses import dataclass

from soundctm.errors import UserError


@dataclass(frozen=True)
class Fault:
    """One thing to mend. ``line`` is counted from 1, as an editor does; ``column`` names a column of the sheet, or is
    the number of a cell or a character where there is no name."""

    line: int
    column: str
    what: str

    def __str__(self) -> str:
        return printable(f"line {self.line}, column {self.column}: {self.what}")


class SheetError(UserError):
    """A sheet that cannot be used, with every :class:`Fault` of it in the order of its lines."""

    def __init__(self, source: str, faults: list[Fault]) -> None:
        self.source = source
        self.faults = sorted(faults, key=lambda fault: fault.line)
        super().__init__("; ".join(f"{printable(source)}, {fault}" for fault in self.faults))


def printable(text: str) -> str:
    """A text on one line, with nothing in it that a terminal would obey: such signs are escaped as in Python."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
