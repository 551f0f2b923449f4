"""Sounds to hear and to see: files of several formats, peaks, spectrograms."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from soundctm.audio.levels import envelope, spectrogram_png
from soundctm.server.api.parts import LibraryPart, PartsPart
from soundctm.server.api.ranges import sized_response
from soundctm.server.api.renderings import MEDIA_TYPES, SUFFIXES, Format, Rate
from soundctm.server.library import LibraryFault, file_name

router = APIRouter(prefix="/v1", tags=["sounds"])
KEEP = {"Cache-Control": "private, max-age=86400, immutable"}  # the sound of an id never changes
Side = Annotated[int, Query(ge=16, le=2048)]


class PeaksBody(BaseModel):
    """The lowest and the highest sample of equal stretches of a sound."""

    peaks: list[tuple[float, float]]
    seconds: float


@router.get("/clips/{id}/audio", response_class=Response, responses={200: {"content": {"audio/*": {}}}})
def audio(
    id: str,
    request: Request,
    parts: PartsPart,
    format: Format = "wav24",
    rate: Rate = "original",
    download: bool = False,
) -> Response:
    """The sound as a file, or a range of it; the recipe is inside. ``download`` is for links that save it."""
    entry = parts.library.get(id)
    kept = format == "wav24" and rate in ("original", str(entry.sample_rate))
    body = entry.path if kept else parts.renderings.get(id, format, rate)
    name = file_name(entry.name, SUFFIXES[format])
    headers = {
        **KEEP,
        "ETag": f'"{entry.digest}-{id[:8]}-{format}-{rate}"',
        "Content-Disposition": f"{'attachment' if download else 'inline'}; filename*=UTF-8''{quote(name)}",
    }
    try:
        return sized_response(request, body, MEDIA_TYPES[format], headers)
    except FileNotFoundError as error:
        raise LibraryFault(f"the file of the sound {id} is gone; restore it from a backup") from error


@router.get("/clips/{id}/peaks")
def clip_peaks(
    id: str, library: LibraryPart, response: Response, points: Annotated[int, Query(ge=1, le=10_000)] = 400
) -> PeaksBody:
    """What a waveform is drawn from; the channels averaged."""
    clip = library.clip(id)
    response.headers.update(KEEP)
    _, lowest, highest = envelope(clip.samples.mean(0), points)
    pairs = zip(lowest.round(4).tolist(), highest.round(4).tolist(), strict=True)
    return PeaksBody(peaks=list(pairs), seconds=clip.duration)


@router.get("/clips/{id}/spectrogram.png", response_class=Response, responses={200: {"content": {"image/png": {}}}})
def spectrogram(id: str, library: LibraryPart, width: Side = 480, height: Side = 160) -> Response:
    """A picture: time to the right, frequency upwards on a logarithmic scale; the channels averaged."""
    clip = library.clip(id)
    return Response(
        spectrogram_png(clip.samples.mean(0), clip.sample_rate, width, height), media_type="image/png", headers=KEEP
    )
