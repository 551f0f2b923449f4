"""How far the takes of a set lie from each other: between a lower and an upper likeness to the first."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from soundctm.errors import UserError

Distance = Literal["near", "middle", "far"]
NEW_NOISE = 0.0


class Kinship(BaseModel):
    """The takes of a set are relatives of the first, by ``gamma`` to begin with, or for 0 come from noise of their own;
    each is kept whose likeness to the first lies between ``lowest`` and ``highest``, and to every other kept one is
    below ``highest``."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    gamma: float = Field(ge=0, le=1)
    lowest: float = Field(ge=-1, le=1)
    highest: float = Field(ge=-1, le=1)

    @classmethod
    def parse(cls, text: str) -> "Kinship":
        """From ``near``, ``middle``, ``far``, or ``LOWEST-HIGHEST`` with ``@GAMMA`` behind it if it is not 0."""
        if text in DISTANCES:
            return DISTANCES[text]
        bounds, _, gamma = text.partition("@")
        try:
            if "_" in text:  # which Python reads over in numbers
                raise ValueError(text)
            lowest, highest = (float(part) for part in bounds.split("-"))
            drawn = float(gamma or NEW_NOISE)
        except ValueError as error:
            known = ", ".join(get_args(Distance))
            raise UserError(
                f"{text[:40]!r} is no distance; accepted are {known}, or a likeness like 0.8-0.95@0.5"
            ) from error
        if not (0 <= lowest < highest <= 1 and 0 <= drawn <= 1):
            raise UserError(f"{text[:40]!r} is no distance: the likeness rises within 0 to 1, gamma is 0 to 1")
        return cls(gamma=drawn, lowest=lowest, highest=highest)


# Chosen by measurement on the embedded model: docs/batch.md has the figures.
DISTANCES: dict[Distance, Kinship] = {
    "near": Kinship(gamma=0.1, lowest=0.94, highest=0.99),
    "middle": Kinship(gamma=0.3, lowest=0.85, highest=0.96),
    "far": Kinship(gamma=NEW_NOISE, lowest=0.5, highest=0.95),
}
