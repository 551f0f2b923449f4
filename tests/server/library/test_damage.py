"""Damaged databases, databases of something else, and folders that belong to other databases."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from soundctm.errors import UserError
from soundctm.server.library import Library, LibraryFault
from tests.server.library.makers import all_entries, check_laws, prompts, sound


def overwrite(path: Path, start: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(data)


def drop(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE parents")
    connection.close()


def blot(path: Path, table: str) -> None:
    """Overwrite a page that nothing needs while a library is opened."""
    connection = sqlite3.connect(path)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    connection.close()
    overwrite(path, (page - 1) * 4096, os.urandom(4096))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "overwritten at its beginning": lambda path: overwrite(path, 0, os.urandom(100)),
    "replaced by text": lambda path: path.write_text("hello" * 1000),
    "overwritten in the middle": lambda path: overwrite(path, 4096, b"\xa5" * 4096 * 8),
    "overwritten where nothing looks": lambda path: blot(path, "tags"),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_database_is_told_and_made_anew_from_the_files(tmp_path: Path, how: str) -> None:
    with Library.open(tmp_path) as library:
        a, b, c = prompts(library, "a", "b", "c")
        child = library.add(sound(7, prompt="d"), kind="refined", parents=[c.id, a.id], name="Child")
        library.change(b.id, name="later name")
    DAMAGE[how](tmp_path / "library.db")
    for _ in range(2):
        with pytest.raises(LibraryFault, match=r"library\.db: it is damaged.*move library\.db"):
            Library.open(tmp_path)
    for path in tmp_path.glob("library.db*"):
        path.rename(path.with_name(f"old-{path.name}"))
    with Library.open(tmp_path) as library:
        assert library.recovered.adopted == (a.id, b.id, c.id, child.id)
        assert check_laws(library) == {entry.id: entry for entry in (a, b, c, child)}
        assert set(library.ancestry(child.id).links) == {(a.id, child.id), (c.id, child.id)}


def test_damage_that_shows_later(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        prompts(library, "a")
        drop(tmp_path / "library.db")
        with pytest.raises(LibraryFault, match="no such table"):
            library.search()


def test_databases_of_something_else(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "library.db") as connection:
        connection.execute("CREATE TABLE entries (a)")
        connection.execute("CREATE TABLE library (version)")
    connection.close()
    with pytest.raises(UserError, match="not a library of soundctm"):
        Library.open(tmp_path)
    with sqlite3.connect(tmp_path / "library.db") as connection:
        connection.execute("DROP TABLE library")
    connection.close()
    with pytest.raises(UserError, match="tables of something else"):
        Library.open(tmp_path)


def test_a_newer_library_is_left_alone(opener: Callable[[], Library]) -> None:
    library = opener()
    (entry,) = prompts(library, "rain")
    with library._database.writing() as session:
        session.execute(text("UPDATE library SET version = 99"))
    library.close()
    stray = entry.path.with_name("0" * 2 + entry.path.name[2:])
    with pytest.raises(UserError, match=r"newer soundctm.*version 99"):
        opener()
    with library._database.reading() as session:
        assert session.execute(text("SELECT version FROM library")).scalar_one() == 99
    assert entry.path.is_file() and not stray.exists()


def test_folders_and_databases_belong_together(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    with Library.open(tmp_path / "a", url) as library:
        prompts(library, "rain")
    assert not (tmp_path / "a" / "library.db").exists()
    with Library.open(tmp_path / "b") as library:
        prompts(library, "wind")
    for folder in (tmp_path / "b", tmp_path / "new"):
        with pytest.raises(UserError, match=r"another folder|is gone"):
            Library.open(folder, url)
    with Library.open(tmp_path / "a", url) as library:
        assert [entry.name for entry in all_entries(library)] == ["rain"]
    with Library.open(tmp_path / "b") as library:
        assert [entry.name for entry in all_entries(library)] == ["wind"]
    (tmp_path / "a" / "clips").rename(tmp_path / "a" / "moved")
    for _ in range(2):
        with pytest.raises(LibraryFault, match="is gone"):
            Library.open(tmp_path / "a", url)
    (tmp_path / "a" / "moved").rename(tmp_path / "a" / "clips")
    with Library.open(tmp_path / "a", url) as library:
        check_laws(library)
