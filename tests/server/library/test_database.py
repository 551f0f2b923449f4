"""The settings that a library relies on."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from soundctm.server.library import Library
from soundctm.server.library.database import parse
from tests.server.library.makers import prompts, sound


def test_sqlite_is_set_up_on_every_connection(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        sessions = [library._database._engine.connect() for _ in range(3)]
        for session in sessions:
            found = [
                session.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "trusted_schema")
            ]
            assert found == ["wal", 2, 1, 10_000, 0]
            session.close()


def test_readers_do_not_wait_for_a_writer(library: Library) -> None:
    (entry,) = prompts(library, "rain")
    with library._database.writing() as session:
        session.execute(text("UPDATE entries SET name = 'changed'"))
        assert library.get(entry.id).name == "rain" and library.search("rain").entries == (entry,)
    assert library.get(entry.id).name == "changed"


def test_writers_wait_for_each_other(library: Library) -> None:
    with library._database.writing() as session:
        session.execute(text("UPDATE library SET serial = serial + 1"))
        thread = threading.Thread(target=lambda: library.add(sound(), kind="take"))
        thread.start()
        time.sleep(0.1)
        assert library.search().entries == ()
    thread.join()
    assert len(library.search().entries) == 1


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_who_reads_before_writing_is_not_overtaken(library: Library) -> None:
    with library._database.writing() as session:
        serial = session.execute(text("SELECT serial FROM library")).scalar_one()
        thread = threading.Thread(target=lambda: library.add(sound(), kind="take"))
        thread.start()
        time.sleep(0.1)
        session.execute(text("UPDATE library SET serial = :next"), {"next": serial + 1})
    thread.join()
    assert library.serial == serial + 2 and library.search().entries[0].id in library.changes_since(serial + 1).ids


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///a.db", "sqlite+pysqlite"),
        ("postgresql://h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg"),
    ],
)
def test_plain_addresses_get_the_driver_that_is_tested(url: str, driver: str) -> None:
    assert parse(url).drivername == driver
