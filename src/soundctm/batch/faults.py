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
        return f"line {self.line}, column {self.column}: {self.what}"


class SheetError(UserError):
    """A sheet that cannot be used, with every :class:`Fault` of it in the order of its lines."""

    def __init__(self, source: str, faults: list[Fault]) -> None:
        self.source = source
        self.faults = sorted(faults, key=lambda fault: fault.line)
        super().__init__("; ".join(f"{source}, {fault}" for fault in self.faults))


def shown(text: object, longest: int = 40) -> str:
    """A cell as it is quoted in an error: short, and on one line."""
    quoted = repr(text) if isinstance(text, str) else str(text)
    return quoted if len(quoted) <= longest else f"{quoted[:longest]}… ({len(str(text)):,} characters)"
