"""Who comes next, and how long it is going to take."""

import threading
from datetime import UTC, datetime
from itertools import count

import pytest

from soundctm.audio import Recipe
from soundctm.server.jobs.job import Task, Ticket
from soundctm.server.jobs.orders import Order
from soundctm.server.jobs.pace import Pace
from soundctm.server.jobs.schedule import Schedule
from soundctm.server.library import JobRecord

NUMBERS = count()


def tickets(client: str, takes: int = 1, steps: int = 1, seconds: float = 5.0) -> list[Ticket]:
    """Takes of a new job."""
    recipes = tuple(
        Recipe(
            prompt="rain", seed=1, take=take, steps=steps, seconds=seconds, omega=3.0, nu=1.0, gamma=0.0, model="m",
            model_hash="0", sample_rate=8000, version="1",
        ) for take in range(takes)
    )  # fmt: skip
    record = JobRecord("0" * 32, datetime.now(UTC), "generate", {}, "queued", None, ())
    task = Task(record, Order(recipes, {}, (), "take"), client)
    return [Ticket(task, recipe, next(NUMBERS)) for recipe in recipes]


@pytest.fixture
def schedule() -> Schedule:
    return Schedule(threading.Condition(), seconds=60.0)


def drawn(schedule: Schedule, takes: int) -> list[Ticket]:
    with schedule.lock:
        return [ticket for _ in range(takes) if (ticket := schedule.next(wait=False)) is not None]


def test_clients_take_turns_however_much_one_asks_for(schedule: Schedule) -> None:
    greedy, modest = tickets("greedy", takes=8), tickets("modest", takes=2)
    with schedule.lock:
        schedule.add(greedy)
        schedule.add(modest)
    assert [ticket.task.client for ticket in drawn(schedule, 5)] == ["greedy", "modest", "greedy", "modest", "greedy"]


def test_an_audition_overtakes_the_refinements_of_its_own_client(schedule: Schedule) -> None:
    long, short = tickets("a", takes=3, steps=16), tickets("a", takes=1, steps=1)
    with schedule.lock:
        schedule.add(long)
        schedule.add(short)
    assert drawn(schedule, 4) == [*short, *long]


def test_takes_at_once_last_no_longer_than_memory_allows_but_one_always_may(schedule: Schedule) -> None:
    with schedule.lock:
        schedule.add(tickets("a", takes=3, seconds=40.0))
        schedule.add(tickets("a", takes=1, steps=2, seconds=600.0))
    (first,) = drawn(schedule, 4)
    schedule_after = []
    for _ in range(3):
        with schedule.lock:
            schedule.finish(first)
        (first,) = drawn(schedule, 4)
        schedule_after.append(first.recipe.seconds)
    assert schedule_after == [40.0, 40.0, 600.0]


def test_who_has_work_leaves_takes_to_those_that_have_none(schedule: Schedule) -> None:
    """With an idle worker and one take, a busy worker gets nothing."""
    got: list[Ticket | None] = []

    def idle() -> None:
        with schedule.lock:
            got.append(schedule.next(wait=True))

    worker = threading.Thread(target=idle)
    worker.start()
    while True:
        with schedule.lock:
            if schedule._idle == 1:
                (ticket,) = tickets("a")
                schedule.add([ticket])
                assert schedule.next(wait=False) is None
                break
    worker.join()
    assert got == [ticket]


def test_a_dropped_job_is_not_drawn_and_a_closed_schedule_gives_nothing(schedule: Schedule) -> None:
    a, b = tickets("a", takes=3), tickets("b", takes=2)
    with schedule.lock:
        schedule.add([*a, *b])
        schedule.drop(a[0].task)
    assert drawn(schedule, 1) == b[:1]
    with schedule.lock:
        schedule.close()
        assert schedule.next(wait=True) is None
    assert schedule.waiting == []


def test_the_pace_is_that_of_the_work() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now)
    assert pace.left(10) is None
    for _ in range(50):
        now += 0.2
        pace.tick(busy=True)
    assert pace.left(10) == pytest.approx(2.0)
    pace.tick(busy=False)
    now += 3.0  # nobody was at work
    pace.tick(busy=True)
    for _ in range(200):
        now += 0.1
        pace.tick(busy=True)
    assert pace.left(10) == pytest.approx(1.0, rel=0.01)
