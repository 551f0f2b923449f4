"""Parts of files, as players ask for them (RFC 9110, section 14)."""

import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from soundctm.server.api.errors import Refusal

_PIECE = 2**20  # bytes; every piece waits for a thread, and a take of a few seconds is to come in one


def sized_response(request: Request, body: bytes | Path, media_type: str, headers: Mapping[str, str]) -> Response:
    """All of a body, or the one range that a request asks for; of several ranges all of the body is sent.

    ``headers`` hold its ``ETag``. Raises :class:`Refusal` with 416 for a range outside the body, and with 400 for what
    is none; OSError for a file that cannot be opened.
    """
    size = len(body) if isinstance(body, bytes) else body.stat().st_size
    sent = {**headers, "Accept-Ranges": "bytes"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=sent)
    wanted = request.headers.get("range")
    if request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
        wanted = None
    found = None if wanted is None else parse_range(wanted, size)
    start, stop = found or (0, size)
    sent["Content-Length"] = str(stop - start)
    if found is not None:
        sent["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    if request.method == "HEAD":
        return Response(status_code=206 if found else 200, headers=sent, media_type=media_type)
    pieces = _pieces(body, start, stop)
    next(pieces)  # opens the file, while the answer can still be another
    return StreamingResponse(pieces, 206 if found else 200, sent, media_type)


def parse_range(wanted: str, size: int) -> tuple[int, int] | None:
    """Start and end of a range of a body; None where all of it is to be sent."""
    unit, equals, ranges = wanted.partition("=")
    if unit.strip().lower() != "bytes" or "," in ranges:
        return None  # units that are not known are passed over, and nobody has to send several ranges
    match = re.fullmatch(r"\s*(\d{0,18})-(\d{0,18})\s*", ranges, re.ASCII)
    if not equals or match is None or match.group(1) == match.group(2) == "":
        raise Refusal(400, f"the range {wanted[:60]!r} cannot be read; write bytes=FIRST-LAST", "range")
    first, last = match.groups()
    if first == "":
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            raise Refusal(400, f"the range {wanted[:60]!r} ends before it begins; write bytes=FIRST-LAST", "range")
    if start >= stop:
        outside = f"the range {wanted[:60]!r} lies outside the {size:,} bytes"
        raise Refusal(416, outside, "range", {"Content-Range": f"bytes */{size}"})
    return start, stop


def _pieces(body: bytes | Path, start: int, stop: int) -> Iterator[bytes]:
    """Nothing as soon as the body is open, then its pieces."""
    with io.BytesIO(body) if isinstance(body, bytes) else body.open("rb") as file:
        file.seek(start)
        yield b""
        while start < stop and (piece := file.read(min(_PIECE, stop - start))):
            start += len(piece)
            yield piece
