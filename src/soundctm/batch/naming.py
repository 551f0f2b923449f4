"""What files are called: the row's name and a number, or by the Universal Category System where a category is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from soundctm.batch.row import Row
from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.delivery.names import UcsName, sanitised
from soundctm.delivery.provenance import NOT_STATED
from soundctm.delivery.ucs import Catalogue, Category
from soundctm.errors import UserError
from soundctm.model import SoundCTM

SCORE_DIGITS = 3
NO_DATE = "1970-01-01"


@dataclass(frozen=True)
class Called:
    """``stems`` are names without suffix, one for each take from 1 on. ``score`` is the cosine of a category that was
    suggested, None where the sheet gave it or there is none."""

    stems: tuple[str, ...]
    name: UcsName | None = None
    category: Category | None = None
    score: float | None = None

    @property
    def about(self) -> dict[str, Any]:
        """What the report says of it, and a row's key depends on."""
        cat_id = "" if self.name is None else self.name.cat_id
        return {"catid": cat_id, "catid_score": self.score, "stems": list(self.stems)}


@dataclass
class Meaning:
    """The sentence vectors of texts by a model's text encoder, each computed alone and once."""

    model: SoundCTM
    _known: dict[str, np.ndarray] = field(default_factory=dict)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        encoder = self.model.text_encoder
        if not isinstance(encoder, MiniTextEncoder):
            raise UserError(
                "this model's text encoder suggests no categories; give a column catid, or leave out the list"
            )
        with torch.inference_mode():
            for text in texts:
                if text not in self._known:
                    self._known[text] = encoder.encode([text]).tokens[0, 0].float().cpu().numpy()
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True)
class Imprint:
    """What stands in every file; ``date`` as ISO 8601. Two runs of a sheet come to the same bytes, so it is not today's
    unless somebody says so."""

    licence: str = NOT_STATED
    creator: str = ""
    project: str = ""
    copyright: str = ""
    date: str = NO_DATE


@dataclass(frozen=True)
class Naming:
    """``imprint.creator`` and ``source`` are the CreatorID and SourceID of names by UCS; ``catalogue`` is the list of
    its categories, from which one is suggested for rows that give none."""

    imprint: Imprint = Imprint()
    source: str = ""
    catalogue: Catalogue | None = None
    meaning: Meaning | None = None

    def called(self, row: Row) -> Called:
        """The names of a row's files. Raises :class:`UserError` for what none can have."""
        cat_id, category, score = self._category(row)
        if cat_id is None:
            digits = max(2, len(str(row.takes)))
            stems = tuple(f"{row.name}_{number:0{digits}d}" for number in range(1, row.takes + 1))
            return Called(stems, score=score)
        if not (self.imprint.creator and self.source):
            raise UserError(
                f"the CatID {cat_id} needs the other fields of its name; give creator and source under [files] in the "
                "config, or --creator and --source-id"
            )
        name = UcsName.of(cat_id, sanitised(row.name), self.imprint.creator, self.source)
        return Called(tuple(name.stem(number) for number in range(1, row.takes + 1)), name, category, score)

    def _category(self, row: Row) -> tuple[str | None, Category | None, float | None]:
        if row.catid is not None and self.catalogue is not None:
            return self.catalogue.spelled(row.catid), self.catalogue.find(row.catid), None
        if row.catid is not None:
            return row.catid, None, None
        if self.catalogue is None or self.meaning is None:
            return None, None, None
        best = self.catalogue.suggest(row.prompt, self.meaning, count=1)[0]
        score = round(best.score, SCORE_DIGITS)
        return (best.category.cat_id, best.category, score) if best.confident else (None, None, score)
