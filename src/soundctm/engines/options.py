"""Ways to compute the same networks."""

from dataclasses import dataclass
from typing import Literal, get_args

from soundctm.audio.recipe import Precision
from soundctm.errors import UserError

EngineName = Literal["auto", "eager", "compiled", "onnx"]


@dataclass(frozen=True)
class EngineOptions:
    """How a model computes. ``engine`` says what runs the networks, ``precision`` in which numbers they multiply.

    "auto" never waits for a compiler: it is eager, but for shapes that a process keeps asking for and of which a
    program lies ready for this GPU. Raises :class:`UserError` for a name that is not known.
    """

    engine: EngineName = "auto"
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        for name, kinds in (("engine", EngineName), ("precision", Precision)):
            value = getattr(self, name)
            if value not in get_args(kinds):
                raise UserError(f"{name} is {value!r}; accepted are {', '.join(get_args(kinds))}")
