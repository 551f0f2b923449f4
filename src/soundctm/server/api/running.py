"""A server that runs: a bound socket, the application, and an end that waits for nobody."""

import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

import uvicorn
from fastapi import FastAPI

from soundctm.errors import UserError
from soundctm.server.api.app import create_app
from soundctm.server.api.parts import Parts
from soundctm.server.api.settings import Settings
from soundctm.server.jobs import Workshop

GRACE = 3  # seconds that answers have to end in
BACKLOG = 256


class Server(uvicorn.Server):
    """Tells when it listens, and lets streams of events end when it is to end: they would go on for ever."""

    def __init__(self, app: FastAPI, listening: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", log_level=logging.WARNING, access_log=False,
            proxy_headers=False, server_header=False, timeout_graceful_shutdown=GRACE,
        )  # fmt: skip
        super().__init__(config)
        self._app, self._listening = app, listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            self._listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams, then everything else."""
        parts: Parts = self._app.state.parts
        parts.pulse.close()
        await super().shutdown(sockets)


def bound(host: str, port: int) -> socket.socket:
    """A socket that is bound to an address; port 0 takes any that is free. Raises :class:`UserError` for a port that is
    taken and for an address that is none of this machine's."""
    if not 0 <= port <= 65535:
        raise UserError(f"port is {port:,}; accepted are 1 to 65,535, or 0 for any that is free")
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio looks: no delays for TCP
    except (OSError, UnicodeError) as error:
        raise UserError(f"cannot listen at {host}:{port}: {error}; give an address of this machine") from error
    try:
        if os.name == "posix":  # elsewhere this option lets two programs share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise UserError(
            f"cannot listen at {host}:{port}: {error.strerror}; choose another port with --port, or 0 for any"
        ) from error
    return listener


def first_bound(host: str, ports: Sequence[int]) -> socket.socket:
    """A socket that is bound to the first of these ports that is free."""
    for port in ports[:-1]:
        with suppress(UserError):
            return bound(host, port)
    return bound(host, ports[-1])


def serve_until_signal(
    settings: Settings, listener: socket.socket, workshop: Workshop, listening: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM; ``listening`` is called with the address when the first request can come."""
    settings = replace(settings, port=listener.getsockname()[1])
    app = create_app(settings, workshop.model, workshop.library, workshop)
    entrance = settings.address if settings.token is None else f"{settings.address}?token={settings.token}"
    server = Server(app, lambda: listening(entrance))
    with _ended_by_signals(server):
        server.run([listener])


@contextmanager
def _ended_by_signals(server: Server) -> Iterator[None]:
    """The server itself listens to signals while it runs, and then repeats them for whoever listened before it: there
    they end the server too, if they come before it listens, and nothing else."""

    def end(number: int, frame: object) -> None:
        server.should_exit = True

    kept = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)
