"""Who comes next."""

import threading
import time

import pytest

from soundctm.server.jobs.job import Ticket
from soundctm.server.jobs.schedule import Schedule
from tests.server.jobs.makers import tickets


@pytest.fixture
def schedule() -> Schedule:
    return Schedule(threading.Condition(), seconds=60.0)


def drawn(schedule: Schedule, takes: int) -> list[Ticket]:
    with schedule.lock:
        return [ticket for _ in range(takes) if (ticket := schedule.next(wait=False)) is not None]


def test_the_first_take_of_an_audition_is_made_alone_and_fetched_in_peace(schedule: Schedule) -> None:
    first, *others = tickets("a", takes=4, steps=1)
    with schedule.lock:
        schedule.add([first, *others])
        assert [schedule.next(wait=False) for _ in range(2)] == [first, None]
        schedule.finish(first)
        assert schedule.next(wait=False) is None and not schedule.running
        assert schedule.next(wait=True) is others[0], "who waits for the rest is told when its time has come"
        assert [schedule.next(wait=False) for _ in range(3)] == [*others[1:], None]


def test_nobody_else_waits_until_an_audition_is_fetched() -> None:
    schedule = Schedule(threading.Condition(), seconds=60.0, quiet=1000.0)
    first, second = tickets("a", takes=2, steps=1)
    (other,) = tickets("b", steps=1)
    with schedule.lock:
        schedule.add([first, second])
        assert [schedule.next(wait=False) for _ in range(2)] == [first, None]
        schedule.finish(first)
        assert schedule.next(wait=False) is None
        schedule.add([other])
        assert {schedule.next(wait=False) for _ in range(2)} == {second, other}


def test_auditions_of_several_jobs_are_made_side_by_side(schedule: Schedule) -> None:
    (one,), (two,), late = tickets("a", steps=1), tickets("b", steps=1), tickets("c", takes=2, steps=1)
    with schedule.lock:
        schedule.add([one])
        schedule.add([two])
        assert [schedule.next(wait=False) for _ in range(2)] == [one, two]
        schedule.finish(one)
        schedule.finish(two)
        schedule.add(late)
        assert [schedule.next(wait=False) for _ in range(2)] == [late[0], None]
        schedule.add([one])  # who comes while a take is made alone does not wait for it
        assert [schedule.next(wait=False) for _ in range(2)] == [one, late[1]]


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


def test_a_long_take_and_those_that_wait_for_its_end_keep_no_short_ones_waiting(schedule: Schedule) -> None:
    long, short = tickets("a", takes=3, seconds=600.0), tickets("b", takes=8, seconds=10.0)
    with schedule.lock:
        schedule.add(long)
        schedule.add(short)
    assert drawn(schedule, 9) == [long[0], *short[:3]]  # the long one counts as half of the 60 s
    with schedule.lock:
        for ticket in short[:3]:
            schedule.finish(ticket)
    assert drawn(schedule, 9) == short[3:6]
    with schedule.lock:
        schedule.finish(long[0])
    assert drawn(schedule, 9) == [long[1]]  # there is room for it: those that came later took no more than their half


def test_one_long_take_at_a_time_bounds_the_memory(schedule: Schedule) -> None:
    """However they come: no more than the longest and half of the budget."""
    with schedule.lock:
        for client, seconds in enumerate((600.0, 10.0, 31.0, 20.0, 600.0, 30.0, 5.0, 90.0)):
            schedule.add(tickets(str(client), takes=3, seconds=seconds))
        made = 0
        while schedule.waiting:
            made += len(drawn(schedule, 50))
            lengths = sorted(ticket.recipe.seconds for ticket in schedule.running)
            assert lengths and sum(lengths) <= 600.0 + 30.0 and sum(length > 30.0 for length in lengths) <= 1
            schedule.finish(min(schedule.running, key=lambda ticket: ticket.number))
    assert made == 24


def test_a_long_take_has_its_turn_however_many_short_ones_come(schedule: Schedule) -> None:
    with schedule.lock:
        schedule.add(tickets("b", takes=6, seconds=10.0))
    running = drawn(schedule, 6)
    (long,) = tickets("a", seconds=600.0)
    with schedule.lock:
        schedule.add([long])
        for turn in range(12):
            schedule.add(tickets(f"new {turn}", takes=3, seconds=10.0))
            schedule.finish(running.pop(0))
            running += drawn(schedule, 6)
            if long in running:
                return
    pytest.fail("it never had its turn")


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

    running, (long,), (short,) = tickets("b", takes=2, seconds=20.0), tickets("a", seconds=600.0), tickets("c")
    with schedule.lock:
        schedule.add(running)
        assert [schedule.next(wait=False) for _ in range(2)] == running
        schedule.add([long])
        schedule.add([short])
    worker = threading.Thread(target=idle, daemon=True)
    worker.start()
    patience = time.monotonic() + 10
    while not schedule._idle:
        assert time.monotonic() < patience and not got
    with schedule.lock:
        schedule.drop(long.task)
    worker.join(10)
    assert got == [short]
    with schedule.lock:
        schedule.close()
