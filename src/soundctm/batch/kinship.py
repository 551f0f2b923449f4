"""How far the takes of a set lie from each other: between a lower and an upper likeness to the first."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from soundctm.batch.search import LEAST, MOST
from soundctm.errors import UserError

Distance = Literal["near", "middle", "far"]
TURNED = 5.0  # shares of a quarter turn for what the middle of the range lacks to a likeness of 1


class Kinship(BaseModel):
    """Each take of a set is kept whose likeness to the first lies between ``lowest`` and ``highest``, and to every
    other kept one is below ``highest``."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    lowest: float = Field(ge=-1, le=1)
    highest: float = Field(ge=-1, le=1)

    @classmethod
    def parse(cls, text: str) -> "Kinship":
        """From ``near``, ``middle``, ``far``, or ``LOWEST-HIGHEST``."""
        if text in DISTANCES:
            return DISTANCES[text]
        try:
            if "_" in text:  # which Python reads over in numbers
                raise ValueError(text)
            lowest, highest = (float(part) for part in text.split("-"))
        except ValueError as error:
            known = ", ".join(get_args(Distance))
            raise UserError(
                f"{text[:40]!r} is no distance; accepted are {known}, or a likeness to the first like 0.8-0.95"
            ) from error
        if not 0 <= lowest < highest <= 1:
            raise UserError(f"{text[:40]!r} is no distance: the likeness rises within 0 to 1")
        return cls(lowest=lowest, highest=highest)

    @property
    def begun(self) -> float:
        """The share of a quarter turn that a relative is first tried with; most sounds need more for the middle of the
        range, few need less."""
        return min(MOST, max(LEAST, TURNED * (1 - (self.lowest + self.highest) / 2)))


# Chosen by measurement on the embedded model: docs/batch.md has the figures.
DISTANCES: dict[Distance, Kinship] = {
    "near": Kinship(lowest=0.94, highest=0.99),
    "middle": Kinship(lowest=0.85, highest=0.96),
    "far": Kinship(lowest=0.5, highest=0.95),
}
