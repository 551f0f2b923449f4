"""A server in a thread, and what tests ask of it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import soundfile
from anyio import CapacityLimiter

from soundctm import Clip, SoundCTM
from soundctm.server.api import Settings, create_app
from soundctm.server.api.parts import Parts
from soundctm.server.api.running import Server, bound
from soundctm.server.jobs import Limits, Workshop
from soundctm.server.library import Library
from tests.server.jobs.makers import watched

PATIENCE = 30.0  # seconds; only what is broken takes as long
LONG = {"prompt": "rain", "takes": 200, "steps": 128}  # a job that no test waits for
QUICK = Settings(page=None, look=0.02, alive=0.2, pause=0.0)


@dataclass(frozen=True)
class Running:
    """A server, and a client of it."""

    client: httpx.Client
    library: Library
    workshop: Workshop
    settings: Settings
    server: Server

    @property
    def drawers(self) -> CapacityLimiter:
        """What counts the drawings that are made."""
        parts: Parts = self.server._app.state.parts
        return parts.drawers

    def add(self, clip: Clip | None = None, **about: Any) -> str:
        """Put a sound into the library; its id."""
        return self.library.add(clip or tone(), kind=about.pop("kind", "upload"), **about).id

    def make(self, path: str = "/v1/generate", **body: Any) -> dict[str, Any]:
        """Take on a job and wait until it is done; the job."""
        answer = self.client.post(path, json=body)
        assert answer.status_code == 202, answer.text
        return self.end_of(answer.json()["id"])

    def end_of(self, identifier: str) -> dict[str, Any]:
        """A job when it has ended."""
        for _ in watched(self.workshop, identifier):
            pass
        found: dict[str, Any] = self.client.get(f"/v1/jobs/{identifier}").json()
        return found

    def upload(self, data: bytes, name: str = "sound.wav") -> httpx.Response:
        return self.client.post("/v1/clips", files={"file": (name, data)})

    def healthy(self) -> bool:
        return bool(self.client.get("/health").json()["status"] == "ok")


@contextmanager
def running(
    model: SoundCTM, folder: Path, settings: Settings | None = None, limits: Limits | None = None
) -> Iterator[Running]:
    """A server that listens at a free port of this machine."""
    with (
        bound("127.0.0.1", 0) as listener,
        Library.open(folder) as library,
        Workshop(model, library, limits or Limits()) as workshop,
    ):
        settings = replace(settings or QUICK, port=listener.getsockname()[1])
        ready = threading.Event()
        server = Server(create_app(settings, model, library, workshop), ready.set)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        assert ready.wait(PATIENCE)
        try:
            with httpx.Client(base_url=settings.address, timeout=PATIENCE, trust_env=False) as client:
                yield Running(client, library, workshop, settings, server)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()


def until(true: Callable[[], bool]) -> None:
    """Wait for what another thread brings about."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def events(response: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and data of server-sent events."""
    name = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def tone(seconds: float = 0.25, rate: int = 8000, channels: int = 1, frequency: float = 440.0) -> Clip:
    """A tone that a 24-bit file holds exactly."""
    t = np.arange(round(seconds * rate)) / rate
    wave = np.rint(0.5 * np.sin(2 * np.pi * frequency * t) * 2**23) / 2**23
    return Clip(np.tile(wave.astype(np.float32), (channels, 1)), rate)


def loaded(data: bytes, folder: Path, name: str = "answer.wav") -> Clip:
    """The clip that an answer brought."""
    path = folder / name
    path.write_bytes(data)
    return Clip.load(path)


def as_file(clip: Clip, folder: Path, name: str = "sound.wav", **options: Any) -> bytes:
    """The bytes of a file that another program wrote."""
    path = folder / name
    soundfile.write(path, clip.samples.T, clip.sample_rate, **options)
    return path.read_bytes()


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The error of an answer, in the one shape that errors have."""
    assert answer.status_code == status, (answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) == {"error"} and set(body["error"]) == {"message", "field"}
    message = body["error"]["message"]
    assert message and len(message.splitlines()) == 1 and len(message) <= 501 and "Traceback" not in message
    error: dict[str, Any] = body["error"]
    return error
