"""What was done to which recordings, as it travels in a recipe. :mod:`soundctm.takes` does it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Source(BaseModel):
    """A recording that went in: its file's name, and the digest of its samples (:attr:`Clip.digest`) to find it by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    digest: str


class _Edit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The recordings that are needed to make this again."""
        return tuple(value for value in self.__dict__.values() if isinstance(value, Source))

    @property
    def prompts(self) -> tuple[str, ...]:
        """What is to be heard beside the prompt of the recipe."""
        return ()


class ExtendBandwidth(_Edit):
    """What lies above ``cutoff`` Hz is invented, what lies below is kept."""

    kind: Literal["extend-bandwidth"] = "extend-bandwidth"
    source: Source
    cutoff: float = Field(gt=0)


class Declip(_Edit):
    """Samples at or beyond ``level`` (0 to 1) were clipped: they are restored to at least that."""

    kind: Literal["declip"] = "declip"
    source: Source
    level: float = Field(gt=0, le=1)


class Fill(_Edit):
    """What lies between ``start`` and ``end`` seconds is invented, the rest kept."""

    kind: Literal["fill"] = "fill"
    source: Source
    start: float = Field(ge=0)
    end: float = Field(gt=0)

    @model_validator(mode="after")
    def _is_a_gap(self) -> "Fill":
        if self.end <= self.start:
            raise ValueError(f"the gap ends at {self.end} s, before it begins at {self.start} s")
        return self


class Extend(_Edit):
    """So many seconds are invented before and after the recording."""

    kind: Literal["extend"] = "extend"
    source: Source
    before: float = Field(default=0.0, ge=0)
    after: float = Field(default=0.0, ge=0)


class Join(_Edit):
    """Two recordings, and ``gap`` seconds between them that lead from one to the other."""

    kind: Literal["join"] = "join"
    source: Source
    other: Source
    gap: float = Field(gt=0)


class Loop(_Edit):
    """The recording's end leads into its beginning: ``seam`` seconds, half at each end, are invented."""

    kind: Literal["loop"] = "loop"
    source: Source
    seam: float = Field(gt=0)


class Transform(_Edit):
    """The recording, noised to a level and brought back with the prompt; ``strength`` 0 keeps it, 1 forgets it."""

    kind: Literal["transform"] = "transform"
    source: Source
    strength: float = Field(ge=0, le=1)


class Morph(_Edit):
    """From the recipe's own sound (``amount`` 0) to another (1): noise on a sphere, text on a line.

    The other is a take (``prompt``, ``seed``, ``take``, and the ``audition`` that it begins with, None for its own
    noise), or with ``other`` a recording that is inverted to noise under ``prompt``. With ``source`` the recipe's own
    sound is a recording too.
    """

    kind: Literal["morph"] = "morph"
    amount: float = Field(ge=0, le=1)
    prompt: str
    seed: int = Field(ge=0, lt=2**63)
    take: int = Field(ge=0)
    audition: int | None = Field(default=None, ge=0)
    source: Source | None = None
    other: Source | None = None

    @property
    def prompts(self) -> tuple[str, ...]:
        return (self.prompt,)


Edit = Annotated[
    ExtendBandwidth | Declip | Fill | Extend | Join | Loop | Transform | Morph, Field(discriminator="kind")
]
