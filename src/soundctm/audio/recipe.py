"""The recipe of a take: everything that makes its samples."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic_core import from_json

from soundctm.audio.edit import Edit, Morph, Source
from soundctm.audio.target import Target
from soundctm.errors import UserError, plain_words, shown

Method = Literal["guidance", "start"]
Precision = Literal["float32", "tf32", "bfloat16", "int8"]


LIGHT, STRONG, LATE = 0.02, 0.1, 1.0  # of guidance
FADER = 12.0  # dB
AUDITIONS = 32
SHORTLIST = 4
COUNTING = 8  # auditions for a prompt that says how many events there are


class Steering(BaseModel):
    """How targets are reached: ``guidance`` hears as many noises as ``auditions`` says in one step, and of the
    ``shortlist`` nearest to the targets begins with the one that fits its words best; it corrects every jump by
    ``strength`` of its length (Algorithm 3), and draws what is then left to a target of intensity by a fader, ``fader``
    dB at most; ``start`` first moves the noise for ``iterations`` (the baseline of Table 5). None: what suits the
    targets (:meth:`settled`).

    Without targets there is nothing but the choice of a noise: the nearest is the one that clearly has as many
    ``events`` (:mod:`soundctm.audio.events`); where no number is given, all are as near as each other."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    method: Method = "guidance"
    strength: float | None = None
    fader: float | None = None
    iterations: int = 70
    auditions: int | None = None
    shortlist: int | None = None
    events: int | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        """Numbers of NumPy are numbers, which strict pydantic does not see."""
        return value.item() if isinstance(value, np.generic) else value

    @property
    def chooses_by_itself(self) -> bool:
        """Whether there is something to choose a noise by, be there no targets."""
        return self.events is not None or (self.shortlist or 1) > 1

    def settled(self, targets: Sequence[Target], late: bool, fresh: bool, hears: bool) -> "Steering":
        """The same with numbers in place of None.

        Where a trajectory decides in its first step what the sound is, and guidance comes after that (``late``), it may
        be strong. Otherwise it is light where all targets are levels, so that what sounds stays what was asked for, and
        the fader does the rest; other features no fader can reach. Only ``fresh`` noise may be chosen, not that of a
        take or a recording, and by its words only by a model that ``hears``.
        """
        if not targets or self.method != "guidance":
            return self
        levels = all(target.feature == "intensity" for target in targets)
        strength = LATE if late else LIGHT if levels else STRONG
        auditions = self.auditions or (AUDITIONS if fresh else 1)
        shortlist = min(SHORTLIST, auditions) if hears else 1
        return self._filled(strength=strength, fader=FADER, auditions=auditions, shortlist=shortlist)

    def settled_by_words(self, said: int | None, tells: bool) -> "Steering":
        """The same for a sound without targets, of a prompt that has ``said`` a number of events or none. Where one
        step ``tells`` what more steps keep, the number is looked for though nobody asked for it."""
        wanted = self.events is not None or (said is not None and tells)
        auditions = self.auditions or (COUNTING if wanted else 1)
        if self.method != "guidance" or auditions == 1:
            return self
        number = self.events or said
        return self._filled(auditions=auditions, events=number, shortlist=None if number else auditions)

    def _filled(self, **usual: float | None) -> "Steering":
        """The same with these numbers in place of None."""
        return self.model_copy(update={name: value for name, value in usual.items() if getattr(self, name) is None})


class Turn(BaseModel):
    """The start of a take, turned toward other noise: ``cos(share pi/2)`` of it and ``sin(share pi/2)`` of the noise
    that ``variation``, from 1, names. Share 0 leaves the start as it is, 1 takes the other noise; in between it is unit
    noise too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variation: int
    share: float


class Recipe(BaseModel):
    """A take is a pure function of these fields and the device.

    ``seed`` and ``take`` give the noise; ``steps`` network evaluations bring it to a sound of ``seconds``; ``omega`` is
    the guidance scale distilled into the student, ``nu`` weighs text against unconditional jumps, ``gamma`` is the
    stochasticity (0 deterministic). ``model_hash`` names the weights.

    ``negative`` is the prompt of the unconditional branch, "" the model's own. ``variation`` above 0 gives the noise
    that gamma adds a seed of its own: same start, other course. ``loop`` makes a sound without ends. ``targets`` are
    curves that the sound is steered to by ``steering``; ``edit`` says what was done to which recording. ``precision``
    is that of the numbers which the networks multiply. ``sigma_first`` is where the first of several steps lands
    (:attr:`first_level`), None on the grid. ``audition`` is the number of the noise that was chosen where several were
    heard, 0 for the take's own; None before that, and where there was no choice. ``turns``, one after the other, lead
    from the start of a take to those of its relatives.
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
    sigma_first: float | None = None
    audition: int | None = None
    turns: tuple[Turn, ...] = ()

    @property
    def of_noise(self) -> bool:
        """Whether it begins as takes do, with noise, and keeps nothing of a recording."""
        return self.edit is None or (isinstance(self.edit, Morph) and not self.sources)

    @property
    def first_level(self) -> float | None:
        """Where the first of several deterministic steps lands, None for the grid: what keeps a recording is to change
        what it began with, and that takes steps at high noise."""
        return self.sigma_first if self.of_noise and self.steps > 1 else None

    @property
    def decided_first(self) -> bool:
        """Whether the first step decides what the sound is, and the others what it is like."""
        return self.first_level is not None and self.gamma == 0.0

    @property
    def prompts(self) -> tuple[str, ...]:
        """What is to be heard: its prompt, and those of its edit."""
        both = (self.prompt, *(() if self.edit is None else self.edit.prompts))
        return tuple(prompt for prompt in both if prompt)

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
            raise UserError(
                f"{source} carries a recipe that cannot be read ({where}: {plain_words(first)}){_of_version(text)}"
            ) from error


def _of_version(text: str | bytes) -> str:
    """What to do about a recipe that cannot be read, and which version wrote it, where it says another."""
    without = "save the sound without its recipe, in another program"
    try:
        theirs = from_json(text)["version"]  # json.loads would end in a RecursionError where it is nested deeply
    except (ValueError, LookupError, TypeError):  # it does not say
        return f"; {without}"
    mine = version("soundctm")
    if theirs == mine:
        return f"; {without}"
    return f"; soundctm {shown(str(theirs))} wrote it, and this is {mine}: take the newer of the two, or {without}"
