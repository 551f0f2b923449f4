"""A disk that is full, a library that is broken: the server says so, and goes on."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from soundctm.errors import UserError
from soundctm.server.api.errors import status_of
from soundctm.server.jobs import QueueFull
from soundctm.server.library import DiskFull, LibraryConflict, LibraryFault, LibraryMiss
from tests.server.api.conftest import Starter
from tests.server.api.running import Running, as_file, refused, tone


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Files of this process that grow beyond so many bytes fail, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [1000, 60_000], ids=["for the upload", "for the library"])
def test_a_full_disk_is_said(server: Running, tmp_path: Path, size: int) -> None:
    data = as_file(tone(4.0), tmp_path, "a.flac")
    assert 1000 < len(data) < 60_000 < 3 * 32_000
    before = server.client.get("/v1/changes").json()
    with files_up_to(size):
        error = refused(server.upload(data), 507)
    assert "space" in error["message"] or "full" in error["message"]
    assert server.client.get("/v1/changes", params={"since": before["serial"]}).json()["ids"] == []
    assert server.upload(data).status_code == 201


def test_a_damaged_database_is_said(start: Starter) -> None:
    server = start()
    identifier = server.add()
    server.library.close()  # the next request opens it anew
    for file in server.library.folder.glob("library.db*"):
        file.write_bytes(b"nonsense" * 10_000)
    for path in ("/v1/clips", f"/v1/clips/{identifier}", "/v1/jobs", "/v1/changes", "/v1/events"):
        assert "damaged" in refused(server.client.get(path), 503)["message"]
    refused(server.client.post("/v1/generate", json={"prompt": "rain"}), 503)
    assert server.healthy()


def test_every_error_has_its_status() -> None:
    assert status_of(UserError("bad")) == 400
    assert status_of(LibraryMiss("none")) == 404
    assert status_of(LibraryConflict("other")) == 409
    assert status_of(LibraryFault("broken")) == 503
    assert status_of(DiskFull("no space")) == 507
    assert status_of(LibraryFault("no sound 'the disk is full' can be read")) == 503  # words may be anybody's
    assert status_of(QueueFull("of yours", 4, 4, 1.0)) == 400  # its own handler answers 429
