"""The recipe of a take: everything that makes its samples."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from soundctm.audio.edit import Edit, Source
from soundctm.audio.target import Target
from soundctm.errors import UserError

Method = Literal["guidance", "start"]
Precision = Literal["float32", "tf32", "bfloat16", "int8"]


LIGHT, STRONG = 0.02, 0.1  # of guidance
FADER = 20.0  # dB


class Steering(BaseModel):
    """How targets are reached: ``guidance`` corrects every jump by ``strength`` of its length (Algorithm 3), and what
    is then left to a target of intensity is drawn by a fader, ``fader`` dB at most; ``start`` first moves the noise for
    ``iterations`` (the baseline of Table 5). None: what suits the targets (:meth:`settled`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Method = "guidance"
    strength: float | None = None
    fader: float | None = None
    iterations: int = 70

    def settled(self, targets: Sequence[Target]) -> "Steering":
        """The same with numbers in place of None. Where all targets are levels, guidance is light and the fader does
        the rest, so that what sounds stays what was asked for; other features no fader can reach."""
        if not targets or self.method != "guidance":
            return self
        levels = all(target.feature == "intensity" for target in targets)
        strength = (LIGHT if levels else STRONG) if self.strength is None else self.strength
        return self.model_copy(update={"strength": strength, "fader": FADER if self.fader is None else self.fader})


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
