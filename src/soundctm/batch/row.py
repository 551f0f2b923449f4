"""One row of a sheet: a prompt, and how it is made, judged and delivered."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from soundctm.batch.gates import Gates
from soundctm.batch.kinship import Kinship
from soundctm.batch.names import checked_name
from soundctm.checks import MAX_SEED, MAX_STEPS, MAX_TAKES, check_prompt, check_seconds, within
from soundctm.delivery.names import CAT_ID
from soundctm.delivery.process import Delivery
from soundctm.errors import UserError, shown

STEPS, STEERED_STEPS = 1, 16  # where a row gives none; with a curve or a distance
TRIES, SET_TRIES = 4, 12  # of a take, the first one included
MOST_TRIES = 100
ANY_CASE = re.compile(CAT_ID.pattern, re.IGNORECASE)  # a list of categories has its own capitals for it
RANGES = {
    "takes": (1, MAX_TAKES, "ask for fewer at a time"),
    "steps": (1, MAX_STEPS, "1 to audition, 16 to refine"),
    "seed": (0, MAX_SEED, "leave it out for one that follows from the sheet"),
    "omega": (0.0, 20.0, "1 to 5 is the trained range"),
    "nu": (-20.0, 20.0, "1 is the plain student"),
    "gamma": (0.0, 1.0, "0 is deterministic, 1 draws anew at every step"),
    "tries": (1, MOST_TRIES, "of each take, the first one included"),
}


class Row(BaseModel):
    """What a sheet asks for in one row, checked; every default is written here and in :class:`Gates` and
    :class:`Delivery`.

    ``name`` begins the names of its files. ``seconds`` and ``omega`` None are the model's own; ``seed`` None follows
    from the sheet's seed and the name. ``intensity`` is a shape or points, as in ``soundctm control``. With
    ``distance`` the takes are a set of relatives (:mod:`soundctm.batch.kinship`). ``tries`` is how often a take is
    tried before it is left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    prompt: str
    name: str
    takes: int = 1
    steps: int = STEPS
    seconds: float | None = None
    loop: bool = False
    intensity: str | None = None
    seed: int | None = None
    omega: float | None = None
    nu: float = 1.0
    gamma: float = 0.0
    negative: str = ""
    distance: Kinship | None = None
    tries: int = TRIES
    catid: str | None = None
    gates: Gates = Field(default_factory=Gates)
    delivery: Delivery = Field(default_factory=Delivery)

    @field_validator("prompt", "negative")
    @classmethod
    def _is_a_prompt(cls, value: str, info: ValidationInfo) -> str:
        if value or info.field_name == "prompt":
            check_prompt(value, "prompt" if info.field_name == "prompt" else "negative prompt")
        return value

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        try:
            return checked_name(value)
        except UserError as error:
            raise UserError(f"{shown(value)} {error}") from error

    @field_validator(*RANGES)
    @classmethod
    def _is_within(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None:
            name = str(info.field_name)
            low, high, hint = RANGES[name]
            within(name, value, low, high, hint)
        return value

    @field_validator("seconds")
    @classmethod
    def _is_a_length(cls, value: float | None) -> float | None:
        if value is not None:
            check_seconds(value)
        return value

    @field_validator("distance", mode="before")
    @classmethod
    def _is_a_distance(cls, value: Any) -> Any:
        return Kinship.parse(value) if isinstance(value, str) else value

    @field_validator("catid")
    @classmethod
    def _is_a_category(cls, value: str | None) -> str | None:
        if value is not None and not ANY_CASE.fullmatch(value):
            raise UserError(f"{shown(value)} is no CatID; it is like DOORWood or DOORWood-Cupboards")
        return value


NOT_HEARD = {"name", "takes", "tries", "catid", "gates"}  # columns that change no sample of a first try
OWN = tuple(name for name in Row.model_fields if name not in ("gates", "delivery"))
PARTS: dict[str, type[BaseModel]] = {"gates": Gates, "delivery": Delivery}
COLUMNS = (*OWN, *Gates.model_fields, *Delivery.model_fields)  # none stands in two of them: the tests see to it
ALIASES = {"length": "seconds"}  # other words for columns

NUMBERS = {
    name: kind.__name__
    for fields in (Row.model_fields, *(model.model_fields for model in PARTS.values()))
    for name, field in fields.items()
    for kind in (int, float)
    if field.annotation in (kind, kind | None)
}
