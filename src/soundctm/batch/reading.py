"""A sheet as text: where it comes from, how it is encoded, and which of three forms it has."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from soundctm.batch.faults import Fault, SheetError
from soundctm.errors import UserError

Form = Literal["csv", "tsv", "jsonl"]
SUFFIXES: dict[str, Form] = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
LARGEST = 64 * 2**20  # bytes
STDIN = "-"
NO_TEXT = {  # by the bytes that they begin with
    b"PK\x03\x04": "this is a spreadsheet (XLSX) or another ZIP file; save it as CSV in UTF-8",
    b"\xd0\xcf\x11\xe0": "this is a spreadsheet (XLS) or another Office file; save it as CSV in UTF-8",
    b"\x1f\x8b": "the file is packed (gzip); unpack it first",
    b"%PDF-": "this is a PDF; save the table as CSV in UTF-8",
    b"\xff\xfe": "the file is written in UTF-16; save it as UTF-8",
    b"\xfe\xff": "the file is written in UTF-16; save it as UTF-8",
    b"\x00\x00\xfe\xff": "the file is written in UTF-32; save it as UTF-8",
}


@dataclass(frozen=True)
class SheetText:
    """``source`` is what errors call the sheet."""

    source: str
    text: str
    form: Form


def read_text(path: str, form: str | None = None) -> SheetText:
    """The sheet of a path, or of the standard input for ``-``. ``form`` None: by the suffix, or by a look inside.

    Raises :class:`UserError` for what is no file, :class:`SheetError` for what is no text.
    """
    if form is not None and form not in get_args(Form):
        raise UserError(f"--form is {form!r}; accepted are {', '.join(get_args(Form))}")
    source, data = ("standard input", sys.stdin.buffer.read(LARGEST + 1)) if path == STDIN else _file(path)
    if len(data) > LARGEST:
        raise UserError(f"{source} has more than {LARGEST // 2**20} MiB; split the sheet")
    text = _decoded(source, data)
    known: Form | None = form or SUFFIXES.get(Path(path).suffix.lower())  # type: ignore[assignment]  # checked above
    return SheetText(source, text, known or _guess(text))


def _file(path: str) -> tuple[str, bytes]:
    if Path(path).is_dir():
        raise UserError(f"{path} is a folder; give a sheet: a .csv, .tsv or .jsonl file, or - for the standard input")
    if not Path(path).exists():
        raise UserError(f"no such file: {path}; give a sheet: a .csv, .tsv or .jsonl file, or - for the standard input")
    with Path(path).open("rb") as file:
        return path, file.read(LARGEST + 1)


def _decoded(source: str, data: bytes) -> str:
    """Text without the mark at its beginning that some programs write."""
    for mark, what in NO_TEXT.items():
        if data.startswith(mark):
            raise SheetError(source, [Fault(1, "1", what)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        what = f"byte 0x{data[error.start]:02x} is no UTF-8; save the file as UTF-8 (it may be Latin-1 or Windows-1252)"
        raise SheetError(source, [_at(before.decode("utf-8", "replace"), what)]) from error
    if "\0" in text:
        what = "there is a NUL byte; this is no text, or a damaged one: save it again as UTF-8"
        raise SheetError(source, [_at(text[: text.index("\0")], what)])
    if not text.strip():
        raise SheetError(source, [Fault(1, "1", "the sheet is empty; write a line of headings, then a row a prompt")])
    return text


def _at(before: str, what: str) -> Fault:
    """A fault at the character that follows this text."""
    line = before.count("\n") + 1
    return Fault(line, str(len(before) - before.rfind("\n")), what)


def _guess(text: str) -> Form:
    first = text.lstrip().splitlines()[0]
    if first.startswith(("{", "[")):  # a list is no sheet, and the reader of objects says so
        return "jsonl"
    return "tsv" if "\t" in first else "csv"
