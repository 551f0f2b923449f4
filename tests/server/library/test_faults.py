"""Full disks, read-only folders, absent servers: a clear error, nothing lost, and it goes on after."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, text

from soundctm.errors import UserError
from soundctm.server.library import DiskFull, Library, LibraryFault
from soundctm.server.library.database import Database, parse
from tests.oracles.recordings import recording
from tests.server.library.makers import all_entries, check_laws, files_of, prompts, sound

NOBODY = 65534


@contextmanager
def files_up_to(limit: int) -> Iterator[None]:
    """No file can be written beyond so many bytes: writing more fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# ---- full disks


def test_a_disk_that_is_full_at_any_byte(tmp_path: Path) -> None:
    """Within the file of a sound and within the database's log: nothing stays behind, and later it works again."""
    with Library.open(tmp_path) as library:
        (first,) = prompts(library, "first")
        faults, limit = 0, 0
        kinds: list[type[LibraryFault]] = []
        while True:
            before = check_laws(library)
            try:
                with files_up_to(limit):
                    library.add(sound(limit, prompt="rain"), kind="take", parents=[first.id])
            except LibraryFault as fault:
                faults += 1
                assert "free some space" in str(fault) and "\n" not in str(fault)
                kinds.append(type(fault))
                assert check_laws(library) == before
                limit += 4999
            else:
                break
            if faults == 1:  # not each time: the log would grow as fast as the limit
                library.change(first.id, starred=True)
        assert kinds[0] is DiskFull  # the file; what SQLite says of its log is another matter
        assert faults > 5 and len(check_laws(library)) == 2 and library.get(first.id).starred
    with Library.open(tmp_path) as library:
        assert library.recovered == type(library.recovered)()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small disk; test_a_disk_that_is_full_at_any_byte limits files instead")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_small_disk_that_fills_up(small_disk: Path) -> None:
    with Library.open(small_disk) as library:
        filler = small_disk / "filler"
        filler.write_bytes(b"x" * 300_000)
        with pytest.raises(LibraryFault, match="free some space"):
            for i in range(100):
                library.add(recording(i), kind="upload", name=f"n{i}")
        kept = check_laws(library)
        assert len(kept) > 5
        with pytest.raises(LibraryFault):
            library.add(recording(99), kind="upload")
        assert check_laws(library) == kept
        filler.unlink()
        library.add(recording(99), kind="upload")
        assert len(check_laws(library)) == len(kept) + 1


def test_a_database_without_room_is_a_full_disk(tmp_path: Path) -> None:
    database = Database(parse(f"sqlite:///{tmp_path / 'small.db'}"), "mend it")
    with pytest.raises(DiskFull, match="the disk is full"), database.structure() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 4")
        connection.exec_driver_sql("CREATE TABLE sounds (bytes BLOB)")
        connection.exec_driver_sql("INSERT INTO sounds VALUES (zeroblob(100000))")
    database.close()


def test_opening_on_a_full_disk(tmp_path: Path) -> None:
    for limit in (0, 100, 5000, 20_000):
        with pytest.raises(UserError, match=r"free some space|cannot be opened"), files_up_to(limit):
            Library.open(tmp_path / "library").close()
    with Library.open(tmp_path / "library") as library:
        prompts(library, "rain")
        check_laws(library)


# ---- folders that cannot be written


@pytest.fixture
def ordinary(tmp_path: Path) -> Iterator[Path]:
    """A folder of a user who is not root, whom these tests become for a while if root runs them."""
    if sys.platform == "win32":
        pytest.skip("folders are made read-only in another way on Windows")
    for _ in range(2):  # everything is imported before: another user may not read where Python lies
        with Library.open(tmp_path / "warm") as library, pytest.raises(UserError):
            prompts(library, "rain")
            check_laws(library)
            library.change("", name="")
    folder = Path(tempfile.mkdtemp(prefix="soundctm-"))
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
            os.setegid(0)
        for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            path.chmod(0o755)
        shutil.rmtree(folder)


def test_a_read_only_folder(ordinary: Path) -> None:
    ordinary.chmod(0o555)
    for folder in (ordinary, ordinary / "new" / "library"):
        with pytest.raises(LibraryFault, match=r"cannot write .*denied"):
            Library.open(folder)
    assert list(ordinary.iterdir()) == []


def test_a_library_that_became_read_only(ordinary: Path) -> None:
    with Library.open(ordinary) as library:
        prompts(library, "rain")
        before = check_laws(library)
    for path in ordinary.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    ordinary.chmod(0o555)
    with pytest.raises(LibraryFault):
        Library.open(ordinary)
    for path in (ordinary, *ordinary.rglob("*")):
        path.chmod(0o755)
    with Library.open(ordinary) as library:
        assert check_laws(library) == before


def test_a_drawer_that_became_read_only(ordinary: Path) -> None:
    with Library.open(ordinary) as library:
        (kept,) = prompts(library, "rain")
        library.delete([kept.id])
        (ordinary / "clips").chmod(0o555)
        kept.path.parent.chmod(0o555)
        with pytest.raises(LibraryFault, match="cannot write"):
            for i in range(300):  # one in 256 falls into the drawer that is there
                library.add(sound(i), kind="take")
        (ordinary / "clips").chmod(0o755)
        kept.path.parent.chmod(0o755)
        prompts(library, "wind")
        check_laws(library)


def test_folders_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for folder in (file, file / "below", tmp_path / ("x" * 300)):
        with pytest.raises(LibraryFault, match="cannot write"):
            Library.open(folder)


# ---- addresses


@pytest.mark.parametrize(
    "url",
    ["", "x", "mysql://a:secret@b/c", "sqlite://", "sqlite:///:memory:", "oracle://", "postgresql+asyncpg://h/x", "http://a"],
)  # fmt: skip
def test_addresses_that_are_none(tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError) as caught:
        Library.open(tmp_path, url)
    assert "secret" not in str(caught.value)


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(LibraryFault) as caught:
        Library.open(tmp_path / "library", f"postgresql://me:secret@/x?host={tmp_path}")
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value) and "x" in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_server_that_goes_away_while_it_commits(opener: Callable[[], Library]) -> None:
    """Nobody can tell whether the row was written, so the file stays, and the next opening decides."""
    library = opener()
    engine = library._database._engine
    armed = True

    def cut(connection: object) -> None:
        nonlocal armed
        if armed:
            armed = False
            backend = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[attr-defined]
            with engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:backend)"), {"backend": backend})

    event.listen(library._database._writing, "commit", cut)
    with pytest.raises(LibraryFault):
        prompts(library, "rain")
    assert not armed and all_entries(library) == [] and len(list(files_of(library.folder))) == 1
    (wind,) = prompts(library, "wind")
    library.close()
    again = opener()
    assert [entry.name for entry in check_laws(again).values()] == ["rain", "wind"]
    assert len(again.recovered.adopted) == 1 and again.get(wind.id) == wind
