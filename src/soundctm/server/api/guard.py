"""Who may ask at all: the door that every request goes through first."""

import asyncio
import hmac
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from soundctm.server.api.errors import Json, Refusal, error_body
from soundctm.server.api.settings import Settings

OPEN = {"/health"}  # needs no token: it says nothing of anybody's sounds
UPLOADS = {"/v1/clips", "/v1/sketch"}
_FORM_EXTRA = 2**16  # bytes of a form around its file
_DRAINED, _DRAIN_SECONDS = 2**30, 10.0
SECURITY_HEADERS: Mapping[str, str] = {
    # A page may show and play what it has made of what it received; nothing else.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}


class Guard:
    """Refuses requests that name another server, come from pages of elsewhere, lack the token, or bring too much."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.cookie = cookie_name(settings.port)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/v1/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        most = self._most(scope)
        try:
            answer = self._refusal(scope, headers) or self._entry(scope, headers)
            if answer is None and _announced(headers) > most:
                await _drain(receive)
                answer = _too_large(most)
        except Refusal as refusal:
            answer = Json(error_body(refusal.detail, refusal.field), refusal.status_code)
        await (answer or self.app)(scope, receive if answer else _counted(receive, most), dressed)

    def _most(self, scope: Scope) -> int:
        if scope["path"] in UPLOADS:
            return self.settings.uploads.size + _FORM_EXTRA
        return self.settings.body

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """What a browser sends on behalf of other pages is refused; programs send what they like, and a token."""
        names = headers.getlist("host")
        if len(names) != 1 or not self.settings.accepts(names[0]):
            return _refused(f"this server is not called {', '.join(names)[:80]!r}; use {self.settings.address}")
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"http://{names[0].lower()}":
            return _refused("pages of other origins may not use this server")
        visit = headers.get("sec-fetch-mode") == "navigate" and scope["method"] == "GET"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not visit:
            return _refused("pages of other sites may not use this server")
        return None

    def _entry(self, scope: Scope, headers: Headers) -> Response | None:
        """Ask for the token; where an address brings it, keep it in a cookie and out of the address."""
        token = self.settings.token
        if token is None or scope["path"] in OPEN:
            return None
        if scope["path"] == "/" and (given := _token_in_address(scope)) is not None:
            if not _same(given, token):
                return _unknown()
            answer = RedirectResponse("/", 303)
            answer.set_cookie(self.cookie, token, httponly=True, samesite="strict", max_age=30 * 86_400)
            return answer
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(given.strip(), token):
            return None
        return None if _same(_cookie(headers, self.cookie), token) else _unknown()


def _token_in_address(scope: Scope) -> str | None:
    return parse_qs(scope["query_string"].decode("latin-1")).get("token", [None])[0]


def cookie_name(port: int) -> str:
    """What the token is kept under. Browsers tell the servers of one machine apart by name only, and send the cookies
    of one port to all others too."""
    return f"soundctm_token_{port}"


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return "" if found is None else found.value


def _same(given: str, token: str) -> bool:
    """In a time that says nothing of how near the guess was."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _refused(message: str) -> Json:
    return Json(error_body(message), 403)


def _unknown() -> Json:
    said = "this server asks for its token; send it as Authorization: Bearer, or open /?token= in a browser"
    return Json(error_body(said), 401, {"WWW-Authenticate": "Bearer"})


def _too_large(most: int) -> Json:
    return Json(error_body(f"the body is too large; at most {most:,} bytes are accepted here"), 413)


def _announced(headers: Headers) -> int:
    """The length that a request says its body has; 0 where it is told in pieces."""
    length = headers.get("content-length", "0")
    if not length.isdecimal() or not length.isascii():
        raise Refusal(400, "the content-length is no number")
    return int(length[:20])


def _counted(receive: Receive, most: int) -> Receive:
    """Receive a body, but no more than so much of it."""
    arrived = 0

    async def count() -> Message:
        nonlocal arrived
        message = await receive()
        arrived += len(message.get("body", b""))
        if arrived > most:
            if message.get("more_body"):
                await _drain(receive)
            raise Refusal(413, f"the body is too large; at most {most:,} bytes are accepted here")
        return message

    return count


async def _drain(receive: Receive) -> None:
    """Read on and forget, for a while: a client that is still sending does not see the answer, but a broken line."""
    left = _DRAINED
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
    except TimeoutError:
        return
