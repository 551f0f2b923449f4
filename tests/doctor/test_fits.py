"""What fits, drawn out from what was measured."""

import pytest

from soundctm.benchmark.results import Fresh
from soundctm.doctor.fits import held, line

GB = 10**9


def test_a_line_fills_the_memory_and_no_more() -> None:
    fit = line(base=GB, per_second=1e7, per_take=2e8, limit=2 * GB, seconds=5.0, busy=16, result=10**6)
    assert fit.seconds == pytest.approx(105.0) and fit.takes == 6
    assert fit.base + fit.per_second * (fit.seconds - 5.0) <= 2 * GB < fit.base + fit.per_take * fit.takes + 1


def test_beyond_those_at_work_only_results_count() -> None:
    fit = line(base=GB, per_second=1e7, per_take=1e8, limit=2 * GB, seconds=5.0, busy=4, result=10**7)
    assert fit.takes == 4 + (GB - 3 * 10**8) // 10**7


def test_nobody_gets_more_than_can_be_asked_for() -> None:
    fit = line(base=GB, per_second=0.0, per_take=0.0, limit=100 * GB, seconds=5.0, busy=4, result=10**6)
    assert (fit.seconds, fit.takes) == (600.0, 1000)


def test_where_nothing_fits() -> None:
    fit = line(base=3 * GB, per_second=1e7, per_take=1e8, limit=2 * GB, seconds=5.0, busy=4, result=10**6)
    assert (fit.seconds, fit.takes) == (0.0, 0)


def test_where_nobody_knows() -> None:
    fit = line(base=GB, per_second=1e7, per_take=1e8, limit=None, seconds=5.0, busy=4, result=10**6)
    assert (fit.seconds, fit.takes, fit.base) == (None, None, GB)


def test_memory_is_that_of_the_gpu_where_there_is_one() -> None:
    fresh = Fresh(path="ours", steps=1, ready=1.0, first=0.1, memory=5, device_memory=None)
    assert held(fresh) == 5 and held(fresh.model_copy(update={"device_memory": 7})) == 7
