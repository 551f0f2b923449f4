"""Who comes next, and how long it is going to take."""

import threading
from datetime import UTC, datetime
from itertools import count

import pytest

from soundctm.audio import Recipe
from soundctm.server.jobs.forecast import foreseen
from soundctm.server.jobs.job import Task, Ticket
from soundctm.server.jobs.orders import Order
from soundctm.server.jobs.pace import Pace
from soundctm.server.jobs.schedule import Schedule
from soundctm.server.library import JobRecord

NUMBERS = count()


def tickets(client: str, takes: int = 1, steps: int = 2, seconds: float = 5.0) -> list[Ticket]:
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


def test_the_first_take_of_an_audition_is_made_alone(schedule: Schedule) -> None:
    first, *others = tickets("a", takes=4, steps=1)
    with schedule.lock:
        schedule.add([first, *others])
        assert [schedule.next(wait=False) for _ in range(2)] == [first, None]
        schedule.finish(first)
        assert [schedule.next(wait=False) for _ in range(4)] == [*others, None]


def test_long_takes_and_takes_beside_others_keep_nobody_waiting(schedule: Schedule) -> None:
    for steps, seconds in ((16, 5.0), (1, 20.0)):
        long, short = tickets("b", takes=2, steps=steps, seconds=seconds), tickets("c", takes=2, steps=1)
        with schedule.lock:
            schedule.add(long)
            assert [schedule.next(wait=False) for _ in range(2)] == long
            schedule.add(short)
            assert [schedule.next(wait=False) for _ in range(2)] == short
            for ticket in (*long, *short):
                schedule.finish(ticket)


def test_clients_take_turns_however_much_one_asks_for(schedule: Schedule) -> None:
    greedy, modest = tickets("greedy", takes=8), tickets("modest", takes=2)
    with schedule.lock:
        schedule.add(greedy)
        schedule.add(modest)
    assert [ticket.task.client for ticket in drawn(schedule, 5)] == ["greedy", "modest", "greedy", "modest", "greedy"]


def test_an_audition_overtakes_the_refinements_of_its_own_client(schedule: Schedule) -> None:
    long, short = tickets("a", takes=3, steps=16), tickets("a", takes=1, steps=2)
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


def test_a_take_with_much_work_has_its_turn_however_many_small_ones_come(schedule: Schedule) -> None:
    """Of its own client, and of clients that come anew all the time."""
    (long,) = tickets("a", steps=16)
    with schedule.lock:
        schedule.add([long])
        for turn in range(20):
            schedule.add(tickets("a", takes=2))
            schedule.add(tickets(f"new {turn}"))
            taken = drawn(schedule, 2)
            if long in taken:
                return
            for ticket in taken:
                schedule.finish(ticket)
    pytest.fail("it never had its turn")


def test_clients_with_little_to_do_leave_turns_to_those_with_much(schedule: Schedule) -> None:
    (long,) = tickets("a", steps=16)
    with schedule.lock:
        schedule.add([long])
        schedule.add(tickets("b", takes=8))
    assert long in drawn(schedule, 2)


def test_the_schedule_forgets_clients_that_have_gone(schedule: Schedule) -> None:
    for client in map(str, range(50)):
        with schedule.lock:
            schedule.add(tickets(client, takes=3))
        (first,) = drawn(schedule, 1)
        with schedule.lock:
            schedule.drop(first.task)
            schedule.finish(first)
    assert not schedule._since and not schedule._overtaken


def test_a_long_take_that_is_dropped_keeps_no_worker_waiting(schedule: Schedule) -> None:
    got: list[Ticket | None] = []

    def idle() -> None:
        with schedule.lock:
            got.append(schedule.next(wait=True))

    (running,), (long,), (short,) = tickets("b", seconds=30.0), tickets("a", seconds=600.0), tickets("c")
    with schedule.lock:
        schedule.add([running])
        assert schedule.next(wait=False) is running
        schedule.add([long])
        schedule.add([short])
    worker = threading.Thread(target=idle, daemon=True)
    worker.start()
    while not schedule._idle:
        pass
    with schedule.lock:
        schedule.drop(long.task)
    worker.join(10)
    assert got == [short]
    with schedule.lock:
        schedule.close()


def seen(tasks: list[Task], task: Task) -> tuple[int | None, float | None]:
    pace = Pace()
    pace.seconds = 1.0
    job = foreseen(task, tasks, pace)
    return job.place, job.seconds_left


def test_an_audition_is_not_told_to_wait_for_what_it_overtakes() -> None:
    long, short, later = (tickets("a", takes, steps)[0].task for takes, steps in ((100, 16), (6, 1), (1, 1)))
    assert seen([long, short, later], long) == (2, 1600 + 7)
    assert seen([long, short, later], short) == (0, 6)
    assert seen([long, short, later], later) == (1, 7)


def test_other_clients_take_turns_with_a_job() -> None:
    long, mine, small = tickets("a", 100, 16)[0].task, tickets("b", 6, 1)[0].task, tickets("c", 2, 1)[0].task
    assert seen([long, mine, small], mine) == (1, 6 + 6 + 2)
    assert seen([mine, long], mine) == (0, 6 + 6)


def test_the_pace_is_that_of_the_work() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now)
    assert pace.left(10) is None
    pace.begin()
    now += 8.0  # a unit of a large model
    pace.tick()
    assert pace.left(10) == pytest.approx(80.0)
    for _ in range(200):
        now += 0.2
        pace.tick()
    assert pace.left(10) == pytest.approx(2.0, rel=0.01)
    pace.rest()
    now += 3.0  # nobody was at work
    pace.begin()
    pace.begin()
    now += 0.2
    pace.tick()
    assert pace.left(10) == pytest.approx(2.0, rel=0.01)
