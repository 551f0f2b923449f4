"""Laws of compiled programs, most of them with the compiler's first half alone, which needs no C++."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from soundctm.checks import MAX_STEPS
from soundctm.engines.artefacts import Record
from soundctm.engines.programs import PATIENCE, Programs


def scaled(x: Tensor, y: Tensor | None, times: int) -> Tensor:
    return x * times if y is None else x * times + y


def programs(folder: Path, **options: Any) -> Programs:
    return Programs("scaled", Record(folder), backend="eager", **options)


def test_one_program_for_each_case(tmp_path: Path) -> None:
    made = programs(tmp_path)
    x = torch.arange(6.0)
    for _ in range(2):
        assert torch.equal(made.run(scaled, (x, None), (3,)), 3 * x)
        assert torch.equal(made.run(scaled, (x, None), (4,)), 4 * x)
        assert torch.equal(made.run(scaled, (x, x), (3,)), 4 * x)
        assert torch.equal(made.run(scaled, (x[:5], None), (3,)), 3 * x[:5])
    count = torch.get_num_threads()
    assert made.record.names() == [f"scaled-{case}_{count}t" for case in ("5_none_3", "6_6_3", "6_none_3", "6_none_4")]


def test_a_program_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    made, looked = programs(tmp_path), []
    made.backend = lambda graph, inputs: looked.append(True) or graph.forward  # type: ignore[assignment]
    for _ in range(3):
        assert torch.equal(made.run(lambda x: x + 1, (torch.ones(2),)), torch.full((2,), 2.0))
    assert looked == [True]


def test_the_cases_used_last_stay(tmp_path: Path) -> None:
    made = programs(tmp_path, kept=2)
    one, two, three = (torch.ones(size) for size in (1, 2, 3))
    for x in (one, two, one, three):
        assert torch.equal(made.run(scaled, (x, None), (2,)), 2 * x)
    assert [case.sizes[0] for case in made.made] == [(1,), (3,)]
    assert torch.equal(made.run(scaled, (two, None), (2,)), 2 * two)


def test_there_is_no_limit_but_the_one_here(tmp_path: Path) -> None:
    """The compiler by itself gives up after eight."""
    made = programs(tmp_path, kept=20)
    for size in range(1, 16):
        assert torch.equal(made.run(scaled, (torch.ones(size), None), (2,)), 2 * torch.ones(size))
    assert len(made.made) == 15


def test_what_cannot_be_made_leaves_no_trace(tmp_path: Path) -> None:
    made = programs(tmp_path)

    def breaks(x: Tensor) -> Tensor:
        print("a side effect that no program has")
        return x * float(x.sum())

    with pytest.raises(Exception, match=r"(?i)unsupported|graph break|break"):
        made.run(breaks, (torch.ones(2),))
    assert not made.made
    assert made.record.names() == []


def test_gradients_are_not_recorded(tmp_path: Path) -> None:
    x = torch.ones(2, requires_grad=True)
    assert not programs(tmp_path).run(scaled, (x, None), (2,)).requires_grad


def test_only_what_was_recorded_before_is_offered_and_nothing_is_pushed_out_for_it(tmp_path: Path) -> None:
    before, one, two, three, four = programs(tmp_path), *(torch.ones(size) for size in (1, 2, 3, 4))
    for x in (one, two, three):
        before.run(scaled, (x, None), (2,))
    assert before.offer((four, None), (2,))
    later = programs(tmp_path, recorded_only=True, kept=2, patience=0)
    assert [later.offer((x, None), (2,)) for x in (one, two, three, four)] == [True, True, True, False]
    assert not later.offer((one, None), (3,)) and not later.offer((one, one), (2,))
    for x in (one, two):
        later.run(scaled, (x, None), (2,))
    assert [later.offer((x, None), (2,)) for x in (one, two, three)] == [True, True, False]


def test_a_program_is_loaded_once_it_has_been_missed_often_and_no_take_waits_for_it(tmp_path: Path) -> None:
    """Each case is counted by itself. One take asks for a case at most as often as it has steps."""
    before, x, other = programs(tmp_path), torch.ones(3), torch.ones(4)
    for each in (x, other):
        before.run(scaled, (each, None), (2,))
    later = programs(tmp_path, recorded_only=True, patience=3)
    assert [later.offer((x, None), (2,)) for _ in range(4)] == [False, False, False, True]
    assert not later.offer((other, None), (2,))
    assert PATIENCE >= MAX_STEPS
    later.run(scaled, (x, None), (2,))
    assert later.offer((x, None), (2,)) and not later.offer((other, None), (2,))


def test_what_is_noted_is_not_written_again(tmp_path: Path) -> None:
    record = Record(tmp_path / "new")
    record.note("one")
    before = (tmp_path / "new" / "one").stat().st_mtime_ns
    record.note("one")
    assert (tmp_path / "new" / "one").stat().st_mtime_ns == before and record.names() == ["one"]
