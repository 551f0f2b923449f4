"""Tables of files and captions: CSV, TSV, JSON lines; and the columns of AudioCaps."""

import csv
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from soundctm.errors import UserError
from soundctm.training.data.prepare.items import Fault, Item, Sound, digest, make_item, printable

FILE_COLUMNS = ("file", "path", "audio", "filename", "file_name", "audio_path", "filepath", "wav", "location")
CAPTION_COLUMNS = ("caption", "text", "captions", "description", "sentence")
LICENCE_COLUMNS = ("licence", "license")
GROUP_COLUMNS = ("group", "class", "category", "label")
AUDIOCAPS_COLUMNS = frozenset({"youtube_id", "caption"})
TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson")

Row = Mapping[str, object]


def _json_rows(path: Path) -> Iterator[Row | Fault]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
        for line in file:
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                yield Fault("unreadable_row", f"this line is not JSON: {error}")
                continue
            if isinstance(row, dict):
                yield {str(key).strip().lower(): value for key, value in row.items()}
            else:
                yield Fault("unreadable_row", "this line is JSON, but not an object of column names and values")


def _separated_rows(path: Path, delimiter: str) -> Iterator[Row | Fault]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        header: list[str] | None = None
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Fault("unreadable_row", f"this row cannot be read: {error}")
                continue
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip().lower() for cell in cells]
            elif any(cell.strip() for cell in cells[len(header) :]):
                wanted = f"this row has {len(cells)} cells and the header {len(header)}"
                yield Fault("unreadable_row", f'{wanted}; put captions that hold the separator into "quotes"')
            else:
                yield dict(zip(header, cells, strict=False))


def read_rows(path: Path) -> Iterator[Row | Fault]:
    """Rows with lower-case column names. Bytes that are not UTF-8 are kept as lone surrogates."""
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return _json_rows(path)
    return _separated_rows(path, "\t" if path.suffix.lower() == ".tsv" else ",")


def columns_of(path: Path) -> frozenset[str]:
    """Column names of the first readable row. Raises :class:`UserError` when the table cannot be opened."""
    try:
        return frozenset(next((frozenset(row) for row in read_rows(path) if not isinstance(row, Fault)), ()))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; give a readable table") from error


def _first(row: Row, names: tuple[str, ...]) -> object:
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class TableSource:
    """A table with a column of files, relative to ``audio``, and a column of captions."""

    path: Path
    audio: Path
    licence: str
    kind: str = "table"

    def __post_init__(self) -> None:
        columns = columns_of(self.path)
        if not columns & set(FILE_COLUMNS) or not columns & set(CAPTION_COLUMNS):
            found = ", ".join(sorted(map(printable, columns)))[:200] or "none"
            raise UserError(
                f"{self.path} has the columns {found}; it needs one for files ({', '.join(FILE_COLUMNS)}) and one for "
                f"captions ({', '.join(CAPTION_COLUMNS)})"
            )

    def items(self) -> Iterator[Item]:
        """One for each row."""
        for number, row in enumerate(read_rows(self.path), 1):
            where = f"{self.path.name}, entry {number}"
            if isinstance(row, Fault):
                yield Item(where, None, fault=row)
            else:
                yield self.item_of(row, where)

    def item_of(self, row: Row, where: str) -> Item:
        """The item of one row."""
        name = _text(_first(row, FILE_COLUMNS))
        if not name or "\0" in name:
            return Item(where, None, fault=Fault("missing_file", "this row names no file"))
        licence = _text(_first(row, LICENCE_COLUMNS)) or self.licence
        group = _text(_first(row, GROUP_COLUMNS))
        return make_item(name, Sound(self.audio / name), _caption_of(row), licence, group)

    def count(self) -> int:
        return sum(1 for _ in read_rows(self.path))

    def fingerprint(self) -> str:
        """Of the table; the sounds are not looked at."""
        return digest([self.path.read_bytes()])


def _caption_of(row: Row) -> object:
    """The first filled caption cell; an empty one, where the column exists, is told from a missing one."""
    return _first(row, CAPTION_COLUMNS) or next((row[name] for name in CAPTION_COLUMNS if name in row), None)


def stems_in(folder: Path) -> dict[str, Path]:
    """Files below a folder by name without suffix; of several with one stem, the first in order of path."""
    found: dict[str, Path] = {}
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            found.setdefault(Path(name).stem, Path(place) / name)
    return found


@dataclass(frozen=True)
class AudioCapsSource(TableSource):
    """The tables of AudioCaps (Kim et al. 2019): ``audiocap_id,youtube_id,start_time,caption``, with files named by
    youtube_id (with or without a ``Y`` before and ``_start`` behind) or by audiocap_id."""

    kind: str = "audiocaps"

    def __post_init__(self) -> None:
        columns = columns_of(self.path)
        if not columns >= AUDIOCAPS_COLUMNS:
            found = ", ".join(sorted(map(printable, columns)))[:200] or "none"
            raise UserError(f"{self.path} has the columns {found}; AudioCaps has youtube_id and caption")

    def items(self) -> Iterator[Item]:
        """One for each row."""
        stems = stems_in(self.audio)
        for number, row in enumerate(read_rows(self.path), 1):
            where = f"{self.path.name}, entry {number}"
            if isinstance(row, Fault):
                yield Item(where, None, fault=row)
                continue
            names = audiocaps_stems(row)
            path = next((stems[name] for name in names if name in stems), None)
            if path is None:
                sentence = f"no file named {' or '.join(map(printable, names))} in {self.audio}"
                yield Item(printable(names[0]) if names else where, None, fault=Fault("missing_file", sentence))
                continue
            licence = _text(_first(row, LICENCE_COLUMNS)) or self.licence
            yield make_item(path.name, Sound(path), row.get("caption"), licence)


def audiocaps_stems(row: Row) -> list[str]:
    """File names, without suffix, that a row of AudioCaps may go by."""
    video, start = str(row.get("youtube_id") or ""), str(row.get("start_time") or "")
    stems = [f"{y}{video}{end}" for end in ("", f"_{start}") for y in ("", "Y")] if video else []
    number = str(row.get("audiocap_id") or "")
    return list(dict.fromkeys([*stems, *([number] if number else [])]))
