"""Sounds from elsewhere."""

import asyncio
from pathlib import PurePosixPath
from typing import Any

import anyio
from fastapi import APIRouter, Request, Response
from python_multipart.exceptions import FormParserError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from soundctm.audio import Clip
from soundctm.server.api.decoding import Decoded, decode
from soundctm.server.api.errors import Refusal
from soundctm.server.api.parts import Parts, PartsPart
from soundctm.server.api.wire import UploadBody, upload_body
from soundctm.server.library import Entry
from soundctm.server.library.names import default_name

router = APIRouter(prefix="/v1", tags=["clips"])
MULTIPART = "multipart/form-data"
FILE: dict[str, Any] = {"type": "string", "format": "binary"}
_BODY = {"schema": {"type": "object", "required": ["file"], "properties": {"file": FILE}}}


@router.post("/clips", status_code=201, openapi_extra={"requestBody": {"content": {MULTIPART: _BODY}}})
async def upload(request: Request, response: Response, parts: PartsPart) -> UploadBody:
    """Bring a sound in: any format that libsndfile reads. A file that was exported here has its recipe restored; where
    the recipe cannot be read, the sound comes in without it, and ``note`` says so."""
    async with await form_of(request, parts) as form:
        file = file_of(form)
        clip, note = await decoded(file, parts)
        name = name_of(file.filename or "")
    entry = await run_in_threadpool(_add, parts, clip, name)
    response.headers["Location"] = f"/v1/clips/{entry.id}"
    return upload_body(entry, note)


def name_of(filename: str) -> str:
    """A name for a sound from that of its file, whatever folders and signs that holds."""
    return default_name(PurePosixPath(filename.replace("\\", "/")).stem)


def _add(parts: Parts, clip: Clip, name: str) -> Entry:
    return parts.library.add(clip, kind="upload", name=name, embedding=parts.workshop.embed(clip))


def is_form(request: Request) -> bool:
    """Whether a body says that it is a form with files."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == MULTIPART


class _Form:
    """A form whose files are closed at the end."""

    def __init__(self, form: FormData) -> None:
        self.form = form

    async def __aenter__(self) -> FormData:
        return self.form

    async def __aexit__(self, *about: object) -> None:
        await self.form.close()


async def form_of(request: Request, parts: Parts) -> _Form:
    """The form of a request, with one file at most. Raises :class:`Refusal` for what is none, and for one that takes
    too long to arrive; what is too large was refused before."""
    if not is_form(request):
        raise Refusal(415, f"the body is no {MULTIPART}; send the sound as the field file of a form", "file")
    try:
        async with asyncio.timeout(parts.settings.uploads.patience):
            return _Form(await request.form(max_files=1, max_fields=16))
    except FormParserError as error:
        raise Refusal(400, "the form cannot be read; send the sound as the field file of a form", "file") from error
    except TimeoutError as error:
        raise Refusal(408, "the file did not arrive in time; try again", "file") from error


def file_of(form: FormData) -> UploadFile:
    """The file of a form. Raises :class:`Refusal` when there is none."""
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Refusal(400, "file is missing; send the sound as the field file of a form", "file")
    return file


async def decoded(file: UploadFile, parts: Parts) -> Decoded:
    """The sound of a file; only so many are decoded at a time."""
    limits, desk = parts.settings.uploads, parts.library.desk
    return await anyio.to_thread.run_sync(decode, file.file, limits, desk, limiter=parts.decoders)
