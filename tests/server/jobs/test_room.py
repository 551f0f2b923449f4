"""Who is let in: as long as there is room for it, and never one client into all of it."""

import threading

import pytest

from soundctm.errors import UserError
from soundctm.server.jobs import Limits, QueueFull
from soundctm.server.jobs.pace import Pace
from soundctm.server.jobs.room import Room
from soundctm.server.jobs.schedule import Schedule
from tests.server.jobs.makers import tickets


@pytest.fixture
def room() -> Room:
    """Room for ten takes, that nobody makes."""
    lock = threading.Condition(threading.RLock())
    return Room(lock, Schedule(lock), Pace(), Limits(queue=10))


def come(room: Room, client: str, takes: int) -> None:
    """Let a job in."""
    with room.kept(takes, client), room.lock:
        room.schedule.add(tickets(client, takes))


def test_no_client_fills_the_room_of_others(room: Room) -> None:
    come(room, "a", 3)
    come(room, "a", 2)
    with pytest.raises(QueueFull, match="5 takes of yours wait already and at most 5 may"):
        come(room, "a", 1)
    come(room, "b", 4)
    with pytest.raises(QueueFull, match="9 takes of all clients wait already and at most 10 may") as full:
        come(room, "c", 2)
    assert 1.0 <= full.value.retry_after <= 60.0
    come(room, "c", 1)
    assert len(room.schedule.waiting) == 10


def test_takes_that_are_coming_count_and_those_that_did_not_come_do_not(room: Room) -> None:
    with pytest.raises(ZeroDivisionError), room.kept(4, "a"):
        with pytest.raises(QueueFull, match="4 takes of yours"):
            come(room, "a", 2)
        raise ZeroDivisionError
    come(room, "a", 5)
    room.schedule.waiting.clear()
    come(room, "a", 5)
    assert not room._coming


def test_a_job_that_never_fits_is_refused_at_once(room: Room) -> None:
    """And not told to come again, though nobody waits."""
    with pytest.raises(UserError, match="takes is 6; accepted are 1 to 5") as refused:
        come(room, "a", 6)
    assert not isinstance(refused.value, QueueFull) and room.schedule.waiting == []


def test_a_room_for_one_take_lets_one_in() -> None:
    lock = threading.Condition(threading.RLock())
    come(Room(lock, Schedule(lock), Pace(), Limits(queue=1)), "a", 1)
