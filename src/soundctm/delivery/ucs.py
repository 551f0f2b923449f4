"""The public list of the Universal Category System, as its user has it, and the category that a prompt suggests.

No list is shipped. The list is a table of text (comma, semicolon or tab) with the columns Category, SubCategory, CatID,
and optionally Synonyms, in any order, under any lines of title.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soundctm.delivery.names import CAT_ID
from soundctm.errors import UserError

Embed = Callable[[Sequence[str]], np.ndarray]  # texts -> vectors [n, dim] of any length
NEEDED = ("category", "subcategory", "catid")
COLUMNS = (*NEEDED, "synonyms")
TITLE_LINES = 20  # among which the line of headings is looked for
LARGEST = 20_000_000  # bytes
THRESHOLD = 0.5  # cosine below which a suggestion is not taken unasked


class Remembered:
    """Vectors of texts, each computed alone and once: a list of categories is not computed again for every sound, and
    what a text comes to does not depend on its company."""

    def __init__(self, vector: Callable[[str], np.ndarray]) -> None:
        self._vector = vector
        self._known: dict[str, np.ndarray] = {}

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors ``[n, dim]``."""
        for text in texts:
            if text not in self._known:
                self._known[text] = self._vector(text)
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True)
class Category:
    """A line of the list."""

    cat_id: str
    category: str
    sub_category: str
    synonyms: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """What is compared with a prompt."""
        return " ".join([self.category, self.sub_category, *self.synonyms]).lower()


@dataclass(frozen=True)
class Suggestion:
    """A category with the cosine between it and a prompt, -1 to 1; ``confident`` from the threshold on."""

    category: Category
    score: float
    confident: bool


@dataclass(frozen=True)
class Catalogue:
    """The categories of a list, and where it came from."""

    categories: tuple[Category, ...]
    source: str

    def find(self, cat_id: str) -> Category:
        """The category of a CatID, whatever its capitals; what follows a hyphen is the user's own."""
        for category in self.categories:
            if category.cat_id.lower() == cat_id.split("-")[0].lower():
                return category
        raise UserError(f"CatID {cat_id[:40]!r} is not in {self.source}, which has {len(self.categories)} categories")

    def spelled(self, cat_id: str) -> str:
        """A CatID with the list's own capitals: tools that sort by it compare letter by letter."""
        own = self.find(cat_id).cat_id
        return own + cat_id[len(own) :]

    def suggest(self, prompt: str, embed: Embed, count: int = 3, threshold: float = THRESHOLD) -> list[Suggestion]:
        """The ``count`` categories nearest to a prompt, best first, by the cosine of their embeddings."""
        vectors = np.asarray(embed([prompt.lower(), *(c.line for c in self.categories)]), dtype=np.float64)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        scores = vectors[1:] @ vectors[0]
        best = np.argsort(-scores, kind="stable")[:count]
        return [Suggestion(self.categories[i], float(scores[i]), bool(scores[i] >= threshold)) for i in best]


def read_catalogue(path: Path) -> Catalogue:
    """Read a list. Raises :class:`UserError` that names file, line and column of what is wrong."""
    rows = _rows(_text(path), path)
    top, places = _headings(rows, path)
    found: dict[str, Category] = {}
    for number, row in rows[top + 1 :]:
        if not any(cell.strip() for cell in row):
            continue
        category = _category(row, places, path, number)
        if category.cat_id.lower() in found:
            raise UserError(f"{path}, line {number}, column {places['catid'] + 1}: {category.cat_id} is there twice")
        found[category.cat_id.lower()] = category
    if not found:
        raise UserError(f"{path} has headings, but no category below them")
    return Catalogue(tuple(found.values()), str(path))


def _text(path: Path) -> str:
    if not path.is_file():
        raise UserError(f"no such file: {path}; give the UCS list as CSV or TSV")
    data = path.read_bytes()
    if len(data) > LARGEST:
        raise UserError(f"{path} has {len(data):,} bytes; a UCS list has less than {LARGEST:,}")
    if data[:2] == b"PK":
        raise UserError(f"{path} is a spreadsheet (XLSX); save it as CSV first")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise UserError(f"{path}, line {line}, byte {column}: not {encoding}; save the list as UTF-8") from error


def _rows(text: str, path: Path) -> list[tuple[int, list[str]]]:
    """Rows with the number of the line on which each ends."""
    head = "\n".join(text.splitlines()[:TITLE_LINES]).lower()
    heading = next((line for line in head.splitlines() if "catid" in line), head)
    separator = max(("\t", ";", ","), key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows = []
    try:
        for row in reader:
            rows.append((reader.line_num, row))
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: no table ({error}); save the list as CSV again") from error
    return rows


def _headings(rows: list[tuple[int, list[str]]], path: Path) -> tuple[int, dict[str, int]]:
    """Which row holds the headings, and the place of each column."""
    closest: list[str] = list(NEEDED)
    for top, (_, row) in enumerate(rows[:TITLE_LINES]):
        plain = ["".join(c for c in cell.lower() if c.isalpha()) for cell in row]
        places = {column: place for column in COLUMNS if (place := _place(column, plain)) is not None}
        missing = [column for column in NEEDED if column not in places]
        if not missing:
            return top, places
        closest = min(closest, missing, key=len)
    raise UserError(
        f"{path} has no line of headings with {', '.join(closest)}; needed are Category, SubCategory, CatID"
    )


def _place(column: str, headings: list[str]) -> int | None:
    """Where a column stands: under its name, or under one that begins with it ("Synonyms - Comma Separated")."""
    if column in headings:
        return headings.index(column)
    return next((i for i, heading in enumerate(headings) if heading.startswith(column)), None)


def _category(row: list[str], places: dict[str, int], path: Path, number: int) -> Category:
    cells = {column: row[place].strip() if place < len(row) else "" for column, place in places.items()}
    for column in NEEDED:
        if not cells[column]:
            raise UserError(f"{path}, line {number}, column {places[column] + 1}: {column} is empty")
    if not CAT_ID.fullmatch(cells["catid"]):
        raise UserError(f"{path}, line {number}, column {places['catid'] + 1}: {cells['catid'][:40]!r} is no CatID")
    synonyms = tuple(word.strip() for word in cells.get("synonyms", "").split(",") if word.strip())
    return Category(cells["catid"], cells["category"], cells["subcategory"], synonyms)
