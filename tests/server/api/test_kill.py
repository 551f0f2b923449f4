"""A server that is killed while it works: nothing is half there after the next start, and its work is done again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from soundctm.audio.io import wav_bytes
from soundctm.server.library import Library
from tests.server.api.running import PATIENCE, events
from tests.server.library.makers import check_laws

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no signals like SIGKILL on Windows"),
]
WORK = {"prompt": "rain", "takes": 40, "steps": 40, "seed": 7}


@contextmanager
def serving(model: Path, library: Path) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
    """A server as a process of its own, and a client of it; it is killed in the end."""
    command = [sys.executable, "-m", "soundctm", "serve", "--port", "0", "--engine", "eager"]
    command += ["--model", str(model), "--library", str(library)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[3]
            with httpx.Client(base_url=address, timeout=PATIENCE, trust_env=False) as client:
                yield process, client
        finally:
            process.kill()


def made_before(client: httpx.Client, job: str, takes: int) -> list[str]:
    """The first takes of a job that its events confirm."""
    confirmed: list[str] = []
    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        for name, data in events(answer):
            confirmed += [data["id"]] if name == "clip" else []
            if len(confirmed) >= takes:
                return confirmed
    pytest.fail("the job ended before it could be killed")


def end_of(client: httpx.Client, job: str) -> dict[str, Any]:
    with client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        *_, (name, last) = events(answer)
    assert name == "job"
    return last


def samples_by_take(library: Library, ids: list[str]) -> dict[int, np.ndarray]:
    clips = [library.clip(identifier) for identifier in ids]
    return {clip.recipe.take: clip.samples for clip in clips if clip.recipe is not None}


def test_killed_during_a_job(tiny_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    with serving(tiny_folder, folder) as (process, client):
        done = end_of(client, client.post("/v1/generate", json={"prompt": "a bell", "takes": 1}).json()["id"])
        job = client.post("/v1/generate", json=WORK).json()["id"]
        waiting = client.post("/v1/generate", json={**WORK, "seed": 8}).json()["id"]
        confirmed = made_before(client, job, 2)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
    with serving(tiny_folder, folder) as (_, client):
        states = {each["id"]: each["state"] for each in client.get("/v1/jobs").json()["jobs"]}
        assert states == {done["id"]: "done", job: "interrupted", waiting: "interrupted"}
        kept = client.get(f"/v1/jobs/{job}").json()["clips"]
        assert set(confirmed) <= set(kept) and len(kept) < WORK["takes"]  # type: ignore[operator]
        answer = client.post(f"/v1/jobs/{job}/again")
        assert answer.status_code == 202, answer.text
        again = end_of(client, answer.json()["id"])
        assert again["state"] == "done" and len(again["clips"]) == WORK["takes"]
        assert client.get(f"/v1/clips/{done['clips'][0]}/audio").status_code == 200
    with Library.open(folder) as library:
        check_laws(library)
        before, after = samples_by_take(library, kept), samples_by_take(library, again["clips"])
        assert before and all(np.array_equal(samples, after[take]) for take, samples in before.items())


def test_killed_during_an_export(tiny_folder: Path, tmp_path: Path) -> None:
    """What the client got is no zip, and the server leaves nothing behind but its library."""
    folder = tmp_path / "library"
    with serving(tiny_folder, folder) as (process, client):
        job = client.post("/v1/generate", json={"prompt": "rain", "takes": 4, "seconds": 30.0}).json()["id"]
        ids = end_of(client, job)["clips"]
        received = bytearray()
        with (
            pytest.raises(httpx.TransportError),
            client.stream("POST", "/v1/export", json={"ids": ids, "format": "flac", "rate": "48000"}) as answer,
        ):
            for piece in answer.iter_raw():
                received += piece
                process.send_signal(signal.SIGKILL)
                process.wait(PATIENCE)
        assert received and b"PK\x05\x06" not in received  # the directory at the end of a zip
    files = {path.name for path in folder.rglob("*") if path.is_file()}
    assert {f"{identifier}.wav" for identifier in ids} <= files
    assert not [name for name in files if name.endswith((".zip", ".flac", ".partial"))]
    with serving(tiny_folder, folder) as (_, client):
        assert {clip["id"] for clip in client.get("/v1/clips").json()["clips"]} == set(ids)
        answer = client.post("/v1/export", json={"ids": ids, "format": "flac", "rate": "48000"})
        assert answer.status_code == 200 and b"PK\x05\x06" in answer.content
    with Library.open(folder) as library:
        check_laws(library)


def test_killed_during_an_upload(tiny_folder: Path, tmp_path: Path) -> None:
    """What was being read is removed by the next start."""
    folder = tmp_path / "library"
    tone = np.sin(np.arange(60 * 44100) / 9).astype(np.float32)[None]
    with serving(tiny_folder, folder) as (process, client), ThreadPoolExecutor(1) as other:
        sent = other.submit(client.post, "/v1/clips", files={"file": ("tone.wav", wav_bytes(tone, 44100, {}))})
        deadline = time.monotonic() + PATIENCE
        while not list(folder.glob("incoming/*/upload-*")):
            assert time.monotonic() < deadline and not sent.done()
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
        assert isinstance(sent.exception(), httpx.TransportError)
    assert list(folder.glob("incoming/*/upload-*"))
    with serving(tiny_folder, folder) as (_, client):
        assert client.get("/v1/clips").json()["clips"] == []
        assert len(list((folder / "incoming").iterdir())) == 1  # that of the server that runs
    with Library.open(folder) as library:
        check_laws(library)
