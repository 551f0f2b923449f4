"""How long it is going to take, and how long it took."""

import pytest

from soundctm.server.jobs.forecast import foreseen
from soundctm.server.jobs.job import Stopwatch, Task
from soundctm.server.jobs.pace import Pace
from tests.server.jobs.makers import tickets


def seen(tasks: list[Task], task: Task) -> tuple[int | None, float | None]:
    """Place and seconds left, where a unit of work on a second of sound takes a second."""
    moments = iter((0.0, 1.0))
    pace = Pace(clock=lambda: next(moments))
    pace.begin()
    pace.tick(1.0)
    job = foreseen(task, tasks, pace)
    return job.place, job.seconds_left


def test_an_audition_is_not_told_to_wait_for_what_it_overtakes() -> None:
    long, short, later = (tickets("a", *asked, seconds=1.0)[0].task for asked in ((100, 16), (6, 1), (1, 1)))
    assert seen([long, short, later], long) == (2, 1600 + 7)
    assert seen([long, short, later], short) == (0, 6)
    assert seen([long, short, later], later) == (1, 7)


def test_other_clients_take_turns_with_a_job() -> None:
    asked = {"a": (100, 16), "b": (6, 1), "c": (2, 1)}
    long, mine, small = (tickets(client, *those, seconds=1.0)[0].task for client, those in asked.items())
    assert seen([long, mine, small], mine) == (1, 6 + 6 + 2)
    assert seen([mine, long], mine) == (0, 6 + 6)


def test_long_sounds_take_longer_and_keep_short_ones_of_their_client_waiting_no_longer_than_others_do() -> None:
    long, short = (tickets("a", 2, 1, seconds)[0].task for seconds in (600.0, 5.0))
    assert seen([long, short], long) == (0, 1200.0)
    assert seen([long, short], short) == (0, 10.0 + 10.0)
    assert seen([long, short, tickets("b", 3, 1)[0].task], long) == (0, 1200.0 + 15.0)


def test_the_pace_is_that_of_the_work() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now)
    assert pace.left(10) is None
    pace.begin()
    now += 8.0  # a unit of a large model
    pace.tick(1.0)
    assert pace.left(10) == pytest.approx(80.0)
    for _ in range(200):
        now += 0.2
        pace.tick(1.0)
    assert pace.left(10) == pytest.approx(2.0, rel=0.01)
    pace.rest()
    now += 3.0  # nobody was at work
    pace.begin()
    pace.begin()
    now += 0.2
    pace.tick(1.0)
    assert pace.left(10) == pytest.approx(2.0, rel=0.01)


def test_the_pace_is_right_though_long_and_short_sounds_are_made_at_once() -> None:
    """Units end in any order, so that of a long one comes right after that of a short one."""
    now = 0.0
    pace = Pace(clock=lambda: now)
    pace.begin()
    for _ in range(50):  # in a second one worker makes a minute of sound, and another three times two seconds
        for passed, sound in ((0.3, 2.0), (0.3, 2.0), (0.39, 2.0), (0.01, 60.0)):
            now += passed
            pace.tick(sound)
    assert pace.left(66.0) == pytest.approx(1.0, rel=0.25)  # it goes by the last ten units or so


def test_a_job_is_charged_for_the_time_in_which_its_takes_are_made() -> None:
    now = 0.0
    watch = Stopwatch(clock=lambda: now)
    now += 100.0  # others had their turn
    watch.start()
    now += 2.0
    watch.start()  # a second one beside it
    now += 3.0
    watch.stop()
    now += 1.0
    assert watch.seconds == 6.0
    watch.stop()
    now += 100.0
    watch.start()
    now += 0.5
    assert watch.seconds == 6.5
