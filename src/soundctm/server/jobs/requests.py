"""What can be asked of the workshop: plain values, as they come from a page and go into the library."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args

from pydantic import Field, ValidationError

from soundctm.audio.recipe import Steering
from soundctm.audio.target import Target
from soundctm.server.library import LibraryConflict
from soundctm.server.values import Values

JobKind = Literal[
    "generate", "refine", "vary", "shape", "fill", "extend", "loop", "transform", "extend-bandwidth", "declip", "join",
    "morph",
]  # fmt: skip
ID = Field(min_length=32, max_length=32, pattern="^[0-9a-f]+$", description="Id of a sound of the library.")


class _Request(Values):
    kind: ClassVar[JobKind]


class _Guided(_Request):
    """What :meth:`soundctm.SoundCTM.generate` and ``edit`` have in common; None is the model's own default."""

    steps: int = 16
    seed: int | None = None
    omega: float | None = None
    nu: float = 1.0
    gamma: float = 0.0
    negative: str = ""
    targets: tuple[Target, ...] = ()
    steering: Steering = Steering()


class GenerateRequest(_Guided):
    """Takes of a prompt."""

    kind = "generate"
    prompt: str
    takes: int = 6
    steps: int = 1
    seconds: float | None = None
    loop: bool = False


class RefineRequest(_Request):
    """A take again, in other steps: same noise, same prompt."""

    kind = "refine"
    clip: str = ID
    steps: int = 16


class VaryRequest(_Request):
    """Relatives of a take: the same noise to start from and another course, as much as ``gamma`` says (0.3 when left
    out), or a start that is turned by the share ``turn`` of a quarter circle. ``steps`` left out: 16, with ``turn``
    those of the take. They are numbered from ``first`` on: 5 goes on after four."""

    kind = "vary"
    clip: str = ID
    gamma: float | None = None
    turn: float | None = None
    takes: int = 4
    first: int = 1
    steps: int | None = None


class ShapeRequest(_Request):
    """A take again, steered to ``targets``: same prompt, same noise unless the steering says
    ``auditions``; further takes have the numbers that follow its
    own. A sound without a recipe is shaped by the edit ``transform``."""

    kind = "shape"
    clip: str = ID
    targets: tuple[Target, ...] = Field(min_length=1, description="Curves that the sound is to follow.")
    steering: Steering = Steering()
    steps: int = 16
    takes: int = 1


class _EditRequest(_Guided):
    """An edit of a sound; the prompt may be empty."""

    clip: str = ID
    prompt: str = ""
    takes: int = 1


class FillRequest(_EditRequest):
    """What lies between ``start`` and ``end`` seconds is invented anew."""

    kind = "fill"
    start: float
    end: float


class ExtendRequest(_EditRequest):
    """So many seconds are invented ``before`` and ``after``."""

    kind = "extend"
    before: float = 0.0
    after: float = 0.0


class LoopRequest(_Request):
    """The end leads into the beginning. A take that is no edit is made again, without a new prompt, as a circle, with
    its own seed; of anything else ``seam`` seconds are invented."""

    kind = "loop"
    clip: str = ID
    prompt: str = ""
    steps: int = 16
    seam: float = 0.5
    seed: int | None = None


class TransformRequest(_EditRequest):
    """The sound under another prompt; ``strength`` 0 keeps it, 1 forgets it."""

    kind = "transform"
    strength: float


class ExtendBandwidthRequest(_EditRequest):
    """What lies above ``cutoff`` Hz is invented."""

    kind = "extend-bandwidth"
    cutoff: float


class DeclipRequest(_EditRequest):
    """Samples that were clipped at ``level`` are restored."""

    kind = "declip"
    level: float


class JoinRequest(_EditRequest):
    """From one sound to ``other`` in ``gap`` seconds."""

    kind = "join"
    other: str = ID
    gap: float


class MorphRequest(_EditRequest):
    """Between two sounds: ``amount`` 0 is the first, 1 is ``other``."""

    kind = "morph"
    other: str = ID
    amount: float
    other_prompt: str = ""


EditRequest = (
    FillRequest | ExtendRequest | LoopRequest | TransformRequest | ExtendBandwidthRequest | DeclipRequest | JoinRequest
    | MorphRequest
)  # fmt: skip
Request = GenerateRequest | RefineRequest | VaryRequest | ShapeRequest | EditRequest
EDITS: dict[str, type[EditRequest]] = {each.kind: each for each in get_args(EditRequest)}
REQUESTS: dict[str, type[Request]] = {each.kind: each for each in get_args(Request)}


def recalled(kind: str, values: Mapping[str, Any]) -> Request:
    """The request of a job that was kept. Raises :class:`LibraryConflict` for one that this version does not know."""
    try:
        return REQUESTS[kind].model_validate(values)
    except (KeyError, ValidationError) as error:
        raise LibraryConflict(
            f"the job {kind[:40]!r} was asked for in another version of soundctm; ask for it anew"
        ) from error
