"""Tables of older versions are brought up to date, all the way or not at all."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, inspect, text
from sqlalchemy.dialects import sqlite

from soundctm.errors import UserError
from soundctm.server.library import Library
from soundctm.server.library.migrations import STEPS, bring_up_to_date
from soundctm.server.library.schema import VERSION, Moment
from tests.server.library.makers import check_laws, prompts


def add_column(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE entries ADD COLUMN mood VARCHAR"))
    connection.execute(text("UPDATE entries SET mood = name"))


def add_table(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE moods (mood VARCHAR PRIMARY KEY)"))
    connection.execute(text("INSERT INTO moods SELECT mood FROM entries"))


def fail(connection: Connection) -> None:
    add_table(connection)
    raise UserError("the power went")


def state(library: Library) -> tuple[int, set[str], set[str]]:
    with library._database.structure() as connection:
        version = connection.execute(text("SELECT version FROM library")).scalar_one()
        columns = {column["name"] for column in inspect(connection).get_columns("entries")}
        return version, set(inspect(connection).get_table_names()), columns


def test_every_version_has_a_step_to_the_next() -> None:
    assert set(STEPS) == set(range(1, VERSION))


def test_steps_are_taken_in_order_with_what_is_there(library: Library) -> None:
    prompts(library, "rain", "wind")
    with library._database.structure() as connection:
        bring_up_to_date(connection, "x", VERSION + 2, {**STEPS, VERSION: add_column, VERSION + 1: add_table})
    version, tables, columns = state(library)
    assert version == VERSION + 2 and "moods" in tables and "mood" in columns
    with library._database.reading() as session:
        assert set(session.scalars(text("SELECT mood FROM moods"))) == {"rain", "wind"}


def test_a_step_that_fails_leaves_everything_as_it_was(library: Library) -> None:
    prompts(library, "rain")
    before = state(library), check_laws(library)
    with pytest.raises(UserError, match="power"), library._database.structure() as connection:
        bring_up_to_date(connection, "x", VERSION + 2, {**STEPS, VERSION: add_column, VERSION + 1: fail})
    assert (state(library), check_laws(library)) == before


def test_opening_again_changes_nothing(opener: Callable[[], Library]) -> None:
    library = opener()
    before = state(library)
    assert state(opener()) == before and before[0] == VERSION


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_come_back_and_keep_their_order(moment: datetime) -> None:
    kind, dialect = Moment(), sqlite.dialect()
    number = kind.process_bind_param(moment, dialect)
    assert kind.process_result_value(number, dialect) == moment and number is not None
    later = datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert (number < kind.process_bind_param(later, dialect)) == (moment < later)  # type: ignore[operator]
