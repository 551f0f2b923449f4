"""Errors as JSON: one shape, and the status that says whose turn it is."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from soundctm.errors import UserError, plain_words
from soundctm.server.jobs import QueueFull
from soundctm.server.jobs.requests import REQUESTS
from soundctm.server.library import FULL_ERRNOS, DiskFull, LibraryConflict, LibraryFault, LibraryMiss

LONGEST = 500  # characters of a message
FIELDS = {name for request in REQUESTS.values() for name in request.model_fields}
GONE = 499  # what servers note where a client did not wait; nobody receives it
_STANDARD = {
    404: "there is nothing at this address; see /docs for what there is",
    405: "this address does not take that method; see /docs for those it takes",
}


class Refusal(HTTPException):
    """A status, one line that says why, and the field that is at fault."""

    def __init__(
        self, status: int, message: str, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.field = field


class Json(Response):
    """JSON in ASCII, so that no character of a message or a name is ever unsendable."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The bytes of a body."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def error_body(message: str, field: str | None = None) -> dict[str, Any]:
    """The one shape of errors."""
    return {"error": {"message": one_line(message), "field": field}}


def one_line(message: str) -> str:
    """A message as it is sent: on one line, and not too long."""
    line = " ".join(message.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def add_error_handlers(app: FastAPI) -> None:
    """Let every error of an application end as JSON."""
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(OSError, _os_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _mistake)


async def _user_error(request: Request, error: Exception) -> Json:
    message = str(error)
    if isinstance(error, QueueFull):
        wait = str(max(1, math.ceil(error.retry_after)))
        return Json(error_body(message), 429, {"Retry-After": wait})
    return Json(error_body(message, _field(message)), status_of(error))


def status_of(error: Exception) -> int:
    """The status of an error that the library, the workshop or the model raised."""
    if _disk_is_full(error):
        return 507
    if isinstance(error, LibraryMiss):
        return 404
    if isinstance(error, LibraryConflict):
        return 409
    return 503 if isinstance(error, LibraryFault) else 400


def _disk_is_full(error: BaseException) -> bool:
    """By its kind and its cause, never by its words: those may quote what somebody sent."""
    if isinstance(error, DiskFull):
        return True
    return any(isinstance(each, OSError) and each.errno in FULL_ERRNOS for each in (error, error.__cause__))


def _field(message: str) -> str | None:
    """The field that a message begins with, as in "steps is 500; accepted are ..."."""
    begin = re.match(r"(?:the )?([a-z_]+)\b", message)
    return begin.group(1) if begin and begin.group(1) in FIELDS else None


async def _os_error(request: Request, error: Exception) -> Json:
    if _disk_is_full(error):
        return Json(error_body("the disk is full; free some space and try again"), 507)
    return await _mistake(request, error)


async def _bad_request(request: Request, error: Exception) -> Json:
    """What FastAPI found wrong, in the words that a person can use; the status is 400."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    if first["type"] == "json_invalid":
        return Json(error_body(f"the body is no JSON ({first['ctx']['error']} at character {place[-1]})"), 400)
    field = ".".join(place[1:])
    return Json(error_body(f"{field[:80] or 'the body'}: {plain_words(first)}", field[:80] or None), 400)


async def _http_error(request: Request, error: Exception) -> Json:
    assert isinstance(error, HTTPException)
    plain = not isinstance(error, Refusal) and error.status_code in _STANDARD
    message = _STANDARD[error.status_code] if plain else str(error.detail)
    return Json(error_body(message, getattr(error, "field", None)), error.status_code, error.headers)


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=GONE)


async def _mistake(request: Request, error: Exception) -> Json:
    return Json(error_body("something went wrong here; the server's log says what"), 500)
