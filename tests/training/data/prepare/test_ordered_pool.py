"""Order, bounded look-ahead, and a task that takes its process with it."""

import os
import time

import pytest

from soundctm.training.data.prepare.pool import OrderedPool


def work(task: int) -> int:
    if task < 0:
        os._exit(3)
    time.sleep(0.01 * (task % 3))
    return task * task


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order_and_tasks_are_taken_slowly(workers: int) -> None:
    taken = 0

    def tasks():
        nonlocal taken
        for i in range(40):
            taken += 1
            yield i

    ahead = []
    for i, (task, result) in enumerate(OrderedPool(work, workers, -1).map(tasks())):
        assert (task, result) == (i, i * i)
        ahead.append(taken - i)
    assert max(ahead) <= 3 * workers


def test_a_crash_costs_one_task() -> None:
    tasks = [1, 2, -1, 3, 4, 5, -2, 6]
    assert list(OrderedPool(work, 2, -99).map(tasks)) == [(t, t * t if t > 0 else -99) for t in tasks]


def test_an_exception_is_not_swallowed() -> None:
    with pytest.raises(TypeError):
        list(OrderedPool(work, 2, -1).map([1, "two"]))  # type: ignore[list-item]
    with pytest.raises(ValueError, match="0 workers"):
        OrderedPool(work, 0, -1)
