"""``soundctm serve`` and ``soundctm studio``: from the first line to the end by a signal."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from soundctm.cli.serve import PACKAGES, default_folder
from soundctm.server.api.running import first_bound
from soundctm.server.library import Library
from tests.oracles.commands import Result

PATIENCE = 60
TOKEN = "correct-horse-battery"


@contextmanager
def serving(*arguments: object, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A server of its own, and the address that it says when it listens."""
    command = [sys.executable, "-m", "soundctm", *map(str, arguments)]
    about = {**os.environ, **environment}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=about)
    try:
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline()
        assert line.startswith("soundctm is at http://"), line + process.stderr.read()
        yield process, line.split()[3]
    finally:
        process.kill()
        process.communicate()


def test_a_server_ends_with_sigterm_and_loses_nothing(tiny_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "no.txt").write_text("gunshot\n")
    arguments = ("--library", tmp_path / "sounds", "--model", tiny_folder, "--engine", "eager", "--port", 0)
    forbidden = ("--forbid", tmp_path / "no.txt")
    with serving("serve", *arguments, *forbidden) as (process, address), httpx.Client(base_url=address) as client:
        assert client.get("/health").json()["status"] == "ok"
        refused = client.post("/v1/generate", json={"prompt": "a Gunshot"})
        assert refused.status_code == 400 and "what is forbidden has 'gunshot'" in refused.text
        assert client.get("/").status_code == 307
        with client.stream("GET", "/v1/events") as events:
            lines = events.iter_lines()
            next(lines)
            job = client.post("/v1/generate", json={"prompt": "rain", "takes": 200, "steps": 128}).json()
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and err == "", err
    with Library.open(tmp_path / "sounds") as library:
        assert library.job(job["id"]).state == "interrupted"
        assert library.recovered.interrupted == ()  # it was said in time, not found out later


@pytest.mark.slow
def test_the_studio_opens_a_browser_and_ends_with_ctrl_c(tiny_folder: Path, tmp_path: Path) -> None:
    pipe, browser = tmp_path / "opened", tmp_path / "browser"
    os.mkfifo(pipe)
    browser.write_text(f'#!/bin/sh\necho "$1" > {pipe}\n')
    browser.chmod(0o700)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment = {
            "BROWSER": f"{browser} %s", "XDG_DATA_HOME": str(tmp_path / "data"), "SOUNDCTM_TOKEN": TOKEN,
        }  # fmt: skip
        arguments = ("--model", tiny_folder, "--engine", "eager", "--port", 0)
        with serving("studio", *arguments, **environment) as (process, address):
            assert pipe.read_text().strip() == address and f"?token={TOKEN}" in address
            assert str(taken.getsockname()[1]) not in address
            with httpx.Client(follow_redirects=True) as client:
                assert client.get(address).status_code == 200
                assert client.get(address.partition("?")[0] + "v1/clips").json()["clips"] == []
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0 and err == "", err
    assert (tmp_path / "data" / "soundctm" / "library" / "library.db").is_file()


@pytest.mark.parametrize("command", ["serve", "studio"])
def test_other_addresses_need_a_token(refused: Callable[..., Result], command: str) -> None:
    refused("--token", command, "--host", "0.0.0.0")
    refused("16", command, "--token", "short")


def test_a_port_that_is_taken_is_said_before_anything_is_made(refused: Callable[..., Result]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(f"127.0.0.1:{port}", "serve", "--port", port, "--library", "sounds")
    refused("address", "serve", "--host", "192.0.2.1", "--token", TOKEN, "--port", 0)
    refused("address", "serve", "--host", "no.such.host.invalid", "--token", TOKEN)
    refused("port", "serve", "--port", 99999)


def test_a_queue_for_no_takes_is_refused(refused: Callable[..., Result]) -> None:
    refused("queue is 0", "serve", "--queue", 0)


def test_a_studio_takes_another_port_where_its_own_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with first_bound("127.0.0.1", (port, 0)) as found:
            assert found.getsockname()[1] not in (0, port)


def test_bad_databases_and_folders_are_refused(refused: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused("file", "serve", "--library", "file", "--port", 0)
    refused(
        "mysql",
        "serve",
        "--library",
        tmp_path.parent / f"{tmp_path.name}-sounds",
        "--database",
        "mysql://x/y",
        "--port",
        0,
    )


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("command", ["serve", "studio"])
def test_what_is_missing_is_said_in_one_line(
    refused: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, command: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # how Python marks what cannot be imported
    said = refused(package, command, "--model", "no/such/model")
    assert "pip install 'soundctm[studio]'" in said.err


def test_other_commands_need_none_of_it() -> None:
    missing = "".join(f"sys.modules[{package!r}] = None\n" for package in (*PACKAGES, "starlette", "anyio"))
    script = f"import sys\n{missing}sys.argv = ['soundctm', '--help']\nfrom soundctm.cli.app import main\nmain()"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode == 0 and "studio" in ended.stdout, ended.stderr


def test_the_library_of_a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_folder() == Path("/data/soundctm/library")
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_DATA_HOME", value)
        assert default_folder() == tmp_path / ".local/share/soundctm/library"
