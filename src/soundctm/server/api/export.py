"""Many sounds as one file."""

import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from soundctm.audio import Clip
from soundctm.errors import UserError
from soundctm.server.api.parts import ManyIds, OnlyJson, Parts, PartsPart, some
from soundctm.server.api.renderings import SUFFIXES, Format, Rate, render
from soundctm.server.library import Entry, LibraryFault, file_name
from soundctm.server.values import Values

router = APIRouter(prefix="/v1", tags=["sounds"])
_ZIP: dict[int | str, dict[str, Any]] = {200: {"content": {"application/zip": {}}}}


class Export(Values):
    """Which sounds, and as what files."""

    ids: ManyIds
    format: Format = "wav24"
    rate: Rate = "original"


@router.post("/export", dependencies=[OnlyJson], response_class=Response, responses=_ZIP)
def export(body: Export, parts: PartsPart) -> Response:
    """A zip with the sounds, each with its recipe inside. It is sent while it is made; one that breaks off has no
    directory at its end, and no program takes it for whole."""
    ids = tuple(dict.fromkeys(some(body.ids)))
    if not ids:
        raise UserError("ids is empty; name one sound or more")
    entries = [parts.library.get(identifier) for identifier in ids]
    _check(entries, body)
    headers = {"Content-Disposition": 'attachment; filename="soundctm.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(_zipped(parts, entries, body), 200, headers, "application/zip")


def _check(entries: Sequence[Entry], body: Export) -> None:
    """Say what cannot be written before anything is sent, as nobody reads words in the middle of a zip."""
    for entry in entries:
        if not entry.path.is_file():
            raise LibraryFault(f"the file of the sound {entry.id} is gone; restore it from a backup")
    shapes = {(entry.channels, entry.sample_rate): entry for entry in entries}
    for (channels, rate), entry in shapes.items():
        silence = Clip(np.zeros((channels, rate // 10 + 1), np.float32), rate)
        try:
            render(silence, body.format, body.rate)
        except UserError as error:
            raise UserError(f"the sound {entry.id}: {error}") from error


class _Sink:
    """Where a zip is written to, piece by piece; not seekable, so that it is written in order."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self.pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        """What was written since the last time."""
        data, self.pieces = b"".join(self.pieces), []
        return data


def _zipped(parts: Parts, entries: Sequence[Entry], body: Export) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, entry in zip(names(entries, SUFFIXES[body.format]), entries, strict=True):
            info = zipfile.ZipInfo(name, entry.created.timetuple()[:6])
            archive.writestr(info, render(parts.library.clip(entry.id), body.format, body.rate))
            yield sink.take()
    yield sink.take()


def names(entries: Sequence[Entry], suffix: str) -> list[str]:
    """A file name for each, numbered from 2 where several are called alike, in any case of letters."""
    taken: set[str] = set()
    out = []
    for entry in entries:
        name, number = file_name(entry.name, suffix), 1
        while name.casefold() in taken:
            number += 1
            name = file_name(entry.name, f" ({number}){suffix}")
        taken.add(name.casefold())
        out.append(name)
    return out
