"""Sounds to hear and to see: files of several formats, peaks, spectrograms."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

import anyio
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from soundctm.audio import Clip
from soundctm.audio.levels import envelope, spectrogram_png
from soundctm.server.api.parts import Parts, PartsPart
from soundctm.server.api.ranges import sized_response
from soundctm.server.api.renderings import MEDIA_TYPES, SUFFIXES, Format, Rate
from soundctm.server.library import LibraryFault, file_name

router = APIRouter(prefix="/v1", tags=["sounds"])
KEEP = {"Cache-Control": "private, max-age=86400, immutable"}  # the sound of an id never changes
ANEW = {"Cache-Control": "no-store"}  # its name does: what is saved has that of now
Side = Annotated[int, Query(ge=16, le=2048)]


class PeaksBody(BaseModel):
    """The lowest and the highest sample of equal stretches of a sound."""

    peaks: list[tuple[float, float]]
    seconds: float


@router.head("/clips/{id}/audio", include_in_schema=False)
@router.get("/clips/{id}/audio", response_class=Response, responses={200: {"content": {"audio/*": {}}}})
def audio(
    id: str,
    request: Request,
    parts: PartsPart,
    format: Format = "wav24",
    rate: Rate = "original",
    download: bool = False,
) -> Response:
    """The sound as a file, or a range of it; the recipe is inside. ``download`` is for links that save it: such
    a file goes elsewhere, and has no notes of this library inside."""
    entry = parts.library.get(id)
    kept = not download and format == "wav24" and rate in ("original", str(entry.sample_rate))
    body = entry.path if kept else parts.renderings.get(id, format, rate)
    name = file_name(entry.name, SUFFIXES[format])
    headers = {
        **(ANEW if download else KEEP),
        "ETag": f'"{entry.digest}-{id[:8]}-{format}-{rate}{"-saved" if download else ""}"',
        "Content-Disposition": f"{'attachment' if download else 'inline'}; filename*=UTF-8''{quote(name)}",
    }
    try:
        return sized_response(request, body, MEDIA_TYPES[format], headers)
    except FileNotFoundError as error:
        raise LibraryFault(f"the file of the sound {id} is gone; restore it from a backup") from error


async def _drawn(parts: Parts, identifier: str, draw: Callable[..., bytes], *size: int) -> bytes:
    """What ``draw`` makes of a sound. Only so many are drawn at a time, as a long one takes a lot of memory; what was
    drawn before waits for nobody."""
    entry = await run_in_threadpool(parts.library.get, identifier)
    key = (draw, entry.digest, *size)
    if (found := parts.drawings.find(key)) is not None:
        return found
    make = lambda: draw(parts.library.clip(identifier), *size)
    return await anyio.to_thread.run_sync(parts.drawings.get, key, make, limiter=parts.drawers)


@router.get("/clips/{id}/peaks", response_model=PeaksBody)
async def peaks(id: str, parts: PartsPart, points: Annotated[int, Query(ge=1, le=10_000)] = 400) -> Response:
    """What a waveform is drawn from; the channels averaged."""
    return Response(await _drawn(parts, id, _peaks, points), media_type="application/json", headers=KEEP)


def _peaks(clip: Clip, points: int) -> bytes:
    _, lowest, highest = envelope(clip.samples.mean(0), points)
    pairs = zip(lowest.round(4).tolist(), highest.round(4).tolist(), strict=True)
    return PeaksBody(peaks=list(pairs), seconds=clip.duration).model_dump_json().encode()


@router.head("/clips/{id}/spectrogram.png", include_in_schema=False)
@router.get("/clips/{id}/spectrogram.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
async def spectrogram(id: str, parts: PartsPart, width: Side = 480, height: Side = 160) -> Response:
    """A picture: time to the right, frequency upwards on a logarithmic scale; the channels averaged."""
    return Response(await _drawn(parts, id, _picture, width, height), media_type="image/png", headers=KEEP)


def _picture(clip: Clip, width: int, height: int) -> bytes:
    return spectrogram_png(clip.samples.mean(0), clip.sample_rate, width, height)
