"""Libraries on SQLite, and on a PostgreSQL server that the tests start where one is installed."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soundctm.server.library import Library

Opener = Callable[[], Library]


def _program(name: str) -> str:
    """A program of PostgreSQL, which distributions keep out of the path; skips where there is none."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *Path("/opt").glob("postgres*/bin")]
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, places)))
    if found is None:
        pytest.skip(f"{name} is not installed: the library is tested on PostgreSQL only where it is")
    return found


def _user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a database on a server in a temporary folder, which listens on a socket there only."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: the library is tested on PostgreSQL with it")
    initdb, server, user = _program("initdb"), _program("postgres"), _user()
    with tempfile.TemporaryDirectory(prefix="soundctm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        options = ["--no-sync", "--auth=trust", "--username=tester", "--encoding=UTF8", "--locale=C"]
        data = str(folder / "data")
        subprocess.run([initdb, *options, "-D", data], user=user, cwd=folder, check=True, capture_output=True)
        settings = ["-c", "fsync=off", "-c", "listen_addresses=", "-c", "max_connections=60"]
        with (folder / "log").open("wb") as log:
            running = subprocess.Popen(
                [server, "-D", data, "-k", name, *settings], user=user, cwd=folder, stdout=log, stderr=log
            )
        try:
            url = f"postgresql://tester@/postgres?host={name}"
            _wait(url, running, folder / "log")
            yield url
        finally:
            running.terminate()
            running.wait(30)


def _wait(url: str, running: "subprocess.Popen[bytes]", log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            assert running.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str | None:
    """None for SQLite in the library's folder, or the URL of an empty PostgreSQL database."""
    if request.param == "sqlite":
        return None
    address: str = request.getfixturevalue("postgres")  # skips where there is no driver or no server
    import psycopg

    with psycopg.connect(address) as connection:
        connection.execute("SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return address


@pytest.fixture
def opener(tmp_path: Path, url: str | None) -> Iterator[Opener]:
    """Opens one library again and again; all are closed at the end."""
    opened: list[Library] = []

    def open_library() -> Library:
        opened.append(Library.open(tmp_path / "library", url))
        return opened[-1]

    yield open_library
    for library in opened:
        library.close()


@pytest.fixture
def library(opener: Opener) -> Library:
    """An empty library, on each kind of database."""
    return opener()
