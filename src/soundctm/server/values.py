"""What bodies of requests have in common."""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError


class Values(BaseModel):
    """Values as they come from elsewhere: no keys that are not known, no numbers that are none. True and false are no
    numbers either, though Python takes them for 1 and 0."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: Any, about: ValidationInfo) -> Any:
        field = cls.model_fields[str(about.field_name)]
        if bool not in (field.annotation, *get_args(field.annotation)) and _has_boolean(value):
            raise PydanticCustomError("boolean", "true and false are not accepted here; give a number or a text")
        return value


def _has_boolean(value: Any) -> bool:
    """Whether a boolean lies anywhere in JSON, however deep that is: so deep that Python could not call itself."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, bool):
            return True
        if isinstance(each, dict):
            left.extend(each.values())
        elif isinstance(each, list | tuple):
            left.extend(each)
    return False
