"""The recipe of a take: everything that makes its samples."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from soundctm.audio.edit import Edit, Source
from soundctm.audio.target import Target
from soundctm.errors import UserError

Method = Literal["guidance", "start"]
Precision = Literal["float32", "tf32", "bfloat16", "int8"]


class Steering(BaseModel):
    """How targets are reached: ``guidance`` corrects every jump by ``strength`` of its length (Algorithm 3);
    ``start`` first moves the noise for ``iterations`` (the baseline of Table 5)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Method = "guidance"
    strength: float = 0.1
    iterations: int = 70


class Recipe(BaseModel):
    """A take is a pure function of these fields and the device.

    ``seed`` and ``take`` give the noise; ``steps`` network evaluations bring it to a sound of ``seconds``; ``omega`` is
    the guidance scale distilled into the student, ``nu`` weighs text against unconditional jumps, ``gamma`` is the
    stochasticity (0 deterministic). ``model_hash`` names the weights.

    ``negative`` is the prompt of the unconditional branch, "" the model's own. ``variation`` above 0 gives the noise
    that gamma adds a seed of its own: same start, other course. ``loop`` makes a sound without ends. ``targets`` are
    curves that the sound is steered to by ``steering``; ``edit`` says what was done to which recording. ``precision``
    is that of the numbers which the networks multiply.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str
    seed: int
    take: int
    steps: int
    seconds: float
    omega: float
    nu: float
    gamma: float
    model: str
    model_hash: str
    sample_rate: int
    version: str
    negative: str = ""
    variation: int = 0
    loop: bool = False
    targets: tuple[Target, ...] = ()
    steering: Steering = Steering()
    edit: Edit | None = None
    precision: Precision = "float32"

    @property
    def sources(self) -> tuple[Source, ...]:
        """The recordings that are needed to make this take again."""
        return () if self.edit is None else self.edit.sources

    @classmethod
    def from_json(cls, text: str | bytes, source: str) -> "Recipe":
        """Parse a stored recipe; ``source`` names where it came from in the error."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "recipe"
            raise UserError(f"{source} carries a recipe that cannot be read ({where}: {first['msg']})") from error
