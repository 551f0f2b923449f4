"""What files are called: the row's name and a number, or by the Universal Category System where a category is known."""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from typing import Any

from soundctm.batch.grasp import Meaning
from soundctm.batch.names import name_of, searchable
from soundctm.batch.row import Row
from soundctm.delivery.names import CAT_ID, UcsName, check_field, fx_name_of, sanitised
from soundctm.delivery.provenance import NOT_STATED
from soundctm.delivery.ucs import Catalogue, Category
from soundctm.errors import UserError

SCORE_DIGITS = 3


@dataclass(frozen=True)
class Called:
    """``stems`` are names without suffix, one for each take from 1 on. ``score`` is the cosine of a category that was
    suggested, ``nearest`` that category, though it be too far off to be taken; None and "" where the sheet gave it or
    there is none."""

    stems: tuple[str, ...]
    name: UcsName | None = None
    category: Category | None = None
    score: float | None = None
    nearest: str = ""

    @property
    def about(self) -> dict[str, Any]:
        """What the report says of it, and a row's key depends on."""
        cat_id = "" if self.name is None else self.name.cat_id
        score = {"catid_nearest": self.nearest, "catid_score": self.score}
        return {"catid": cat_id, **score, "stems": list(self.stems)}


@dataclass(frozen=True)
class Imprint:
    """What stands in every file; ``date`` as ISO 8601, "" for none. Two runs of a sheet come to the same bytes, so it
    is not today's unless somebody says so."""

    licence: str = NOT_STATED
    creator: str = ""
    project: str = ""
    copyright: str = ""
    date: str = ""


@dataclass(frozen=True)
class Naming:
    """``imprint.creator`` and ``source`` are the CreatorID and SourceID of names by UCS; ``catalogue`` is the list of
    its categories, from which one is suggested for rows that give none."""

    imprint: Imprint = Imprint()
    source: str = ""
    catalogue: Catalogue | None = None
    meaning: Meaning | None = None

    def __post_init__(self) -> None:
        if self.catalogue is not None:
            self._check_fields("a list of categories")
        if self.source:  # which stands in names by UCS alone, as the creator does not
            check_field("source", self.source)
            if self.imprint.creator:
                check_field("creator", self.imprint.creator)

    def check_catid(self, cat_id: str) -> None:
        """Raise :class:`UserError` for a category that is not in the list, or has nothing to make the rest of its name
        of."""
        self._check_fields(f"the CatID {cat_id}")
        if self.catalogue is not None:
            self.catalogue.find(cat_id)
        elif not CAT_ID.fullmatch(cat_id):
            raise UserError(f"CatID {cat_id!r} is none; it is like DOORWood, and only a list says how to spell it")

    def _check_fields(self, what: str) -> None:
        if not (self.imprint.creator and self.source):
            raise UserError(
                f"{what} needs the other fields of a name by UCS; give creator and source under [files] in the config, "
                "or --creator and --source-id"
            )

    def called(self, row: Row, taken: Set[str] = frozenset()) -> Called:
        """The names of a row's files, others than those that are ``taken`` (:func:`searchable`) if it has a choice.
        Raises :class:`UserError` for what none can have."""
        if row.catid is None and self.catalogue is not None and self.meaning is not None:
            best = self.catalogue.suggest(row.prompt, self.meaning, count=1)[0]
            score, nearest = round(best.score, SCORE_DIGITS), best.category.cat_id
            category = best.category if best.confident else None
            called = self._called(row, nearest if best.confident else None, category, taken)
            return replace(called, score=score, nearest=nearest)
        if row.catid is None or self.catalogue is None:
            return self._called(row, row.catid, None, taken)
        return self._called(row, self.catalogue.spelled(row.catid), self.catalogue.find(row.catid), taken)

    def _called(self, row: Row, cat_id: str | None, category: Category | None, taken: Set[str]) -> Called:
        numbers = range(1, row.takes + 1)
        if cat_id is None:
            digits = max(2, len(str(row.takes)))
            return Called(tuple(f"{row.name}_{number:0{digits}d}" for number in numbers))
        names = (UcsName.of(cat_id, fx, self.imprint.creator, self.source) for fx in _fx_names(row))
        called = [Called(tuple(map(name.stem, numbers)), name, category) for name in names]
        return next((each for each in called if taken.isdisjoint(map(searchable, each.stems))), called[-1])


def _fx_names(row: Row) -> Iterator[str]:
    """FXNames of a row, the best first: of its prompt, as :mod:`soundctm.delivery` makes them, where its name was made
    of that as well. Prompts that differ in their ends alone have the same, but never the same name."""
    made = re.fullmatch(re.escape(name_of(row.prompt)) + r"(?:-(\d+))?", row.name)
    if made and any(map(str.isalnum, row.prompt)):
        yield f"{fx_name_of(row.prompt)} {made.group(1) or ''}".rstrip()
    yield sanitised(row.name)
