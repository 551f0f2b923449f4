"""What every route works with."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from anyio import CapacityLimiter
from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

from soundctm.errors import UserError
from soundctm.model import SoundCTM
from soundctm.server.api.errors import Refusal
from soundctm.server.api.kept import Kept
from soundctm.server.api.metrics import Metrics
from soundctm.server.api.pulse import Pulse
from soundctm.server.api.renderings import Renderings
from soundctm.server.api.settings import Settings
from soundctm.server.jobs import Workshop
from soundctm.server.library import Library

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True)
class Parts:
    """The parts of a server; ``pulse`` tells of changes and of the server's end, ``decoders`` counts the uploads that
    are decoded at this moment. ``drawings`` keeps the last waveforms and pictures, ``drawers`` counts those that are
    made at this moment."""

    settings: Settings
    model: SoundCTM
    library: Library
    workshop: Workshop
    pulse: Pulse
    renderings: Renderings
    metrics: Metrics
    decoders: CapacityLimiter
    drawings: Kept
    drawers: CapacityLimiter


async def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts
    return found


async def _library(request: Request) -> Library:
    return (await _parts(request)).library


async def _workshop(request: Request) -> Workshop:
    return (await _parts(request)).workshop


async def _is_json(request: Request) -> None:
    """Refuse bodies that do not say that they are JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, f"the body is {kind[:60] or 'of no known type'}; send JSON, with the type application/json")


async def json_body(request: Request, kind: type[Body]) -> Body:
    """The body of a request that may come in other forms than JSON too, checked like any other."""
    await _is_json(request)
    return checked(kind, await request.body())


def checked(kind: type[Body], values: bytes | dict[str, Any]) -> Body:
    """Values as a model; what is wrong is raised as FastAPI raises it."""
    try:
        return kind.model_validate_json(values) if isinstance(values, bytes) else kind.model_validate(values)
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from error


PartsPart = Annotated[Parts, Depends(_parts)]
LibraryPart = Annotated[Library, Depends(_library)]
WorkshopPart = Annotated[Workshop, Depends(_workshop)]
OnlyJson: Any = Depends(_is_json)


MOST_IDS = 1000  # sounds in one request
ManyIds = Annotated[
    tuple[str, ...],
    Field(description=f"At most {MOST_IDS:,}; more in several requests.", json_schema_extra={"maxItems": MOST_IDS}),
]


def some(ids: tuple[str, ...]) -> tuple[str, ...]:
    """The ids. Raises :class:`UserError` for too many."""
    if len(ids) > MOST_IDS:
        raise UserError(f"ids has {len(ids):,} entries; at most {MOST_IDS:,} are accepted: send them in several parts")
    return ids
