"""What is wrong with a row beside its own columns, found before any model is loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from soundctm.batch.naming import Naming
from soundctm.batch.order import targets_of
from soundctm.batch.row import Row
from soundctm.checks import LONGEST
from soundctm.config import ModelConfig
from soundctm.errors import UserError
from soundctm.forbidden import Filter


@dataclass(frozen=True)
class Preflight:
    """Holds rows against what is forbidden, the list of categories, and the sizes of the model."""

    forbidden: Filter
    naming: Naming
    model: ModelConfig

    def __call__(self, values: Mapping[str, Any], row: Row | None, bad: set[str]) -> Iterator[tuple[str, str]]:
        """What is wrong, by column; what stands in ``bad`` columns is not looked at."""
        asked = {"prompt": self._prompt, "intensity": self._intensity, "catid": self._catid}
        for column, check in asked.items():
            if column not in bad:
                try:
                    check(values, row)
                except UserError as error:
                    yield column, str(error)

    def _prompt(self, values: Mapping[str, Any], row: Row | None) -> None:
        self.forbidden.check_prompt(str(values.get("prompt", "")))

    def _intensity(self, values: Mapping[str, Any], row: Row | None) -> None:
        if values.get("intensity") is None:
            return
        seconds = values.get("seconds") if row is None else row.seconds
        if seconds is None:
            seconds = self.model.seconds
        elif row is None:  # of a row that is at fault elsewhere, whose length may be no number
            seconds = LONGEST
        targets_of(str(values["intensity"]), seconds)

    def _catid(self, values: Mapping[str, Any], row: Row | None) -> None:
        given = values.get("catid")
        if given is not None:
            self.naming.check_catid(str(given))
        elif self.naming.catalogue is not None and self.model.text_encoder.kind != "mini":
            raise UserError("this model's text encoder suggests no categories; give one, or leave out the list")
