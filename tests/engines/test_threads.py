"""Laws of threads: what is said in one does not change others that compute."""

import os
import threading
from pathlib import Path

import pytest
import torch

from soundctm.engines.threads import physical_cores, threads, within_share
from soundctm.errors import UserError


def machine(folder: Path, siblings: dict[int, str], share: str | None = None) -> Path:
    """The files in which Linux describes its processors."""
    for processor, names in siblings.items():
        place = folder / f"devices/system/cpu/cpu{processor}/topology"
        place.mkdir(parents=True)
        (place / "thread_siblings_list").write_text(f"{names}\n")
    if share is not None:
        (folder / "fs/cgroup").mkdir(parents=True)
        (folder / "fs/cgroup/cpu.max").write_text(share)
    return folder


def usable() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def test_without_a_description_every_processor_is_a_core(tmp_path: Path) -> None:
    assert physical_cores(tmp_path) == len(usable())


def test_two_threads_of_a_core_are_one(tmp_path: Path) -> None:
    assert physical_cores(machine(tmp_path, dict.fromkeys(usable(), "0-99"))) == 1


@pytest.mark.parametrize(
    ("share", "cores"), [("max 100000", None), ("50000 100000", 1), ("100000 100000", 1), ("x", None)]
)
def test_a_container_has_no_more_than_its_share(tmp_path: Path, share: str, cores: int | None) -> None:
    assert physical_cores(machine(tmp_path, {}, share)) == (cores or len(usable()))


@pytest.mark.parametrize(("share", "count"), [("max 100000", 8), ("250000 100000", 2), ("900000 100000", 8), (None, 8)])
def test_no_more_threads_than_a_container_has_time_for(tmp_path: Path, share: str | None, count: int) -> None:
    assert within_share(8, machine(tmp_path, {}, share)) == count


def test_the_number_holds_inside_and_is_taken_back() -> None:
    before = torch.get_num_threads()
    with pytest.raises(KeyError), threads(before + 1) as count:
        assert torch.get_num_threads() == count == before + 1
        raise KeyError
    assert torch.get_num_threads() == before
    with threads() as count:
        assert torch.get_num_threads() == count == physical_cores()


def test_a_thread_that_computes_keeps_its_number() -> None:
    seen, begun, changed = [], threading.Event(), threading.Event()

    def compute() -> None:
        with threads(3):
            begun.set()
            changed.wait(10)
            seen.append(torch.get_num_threads())

    other = threading.Thread(target=compute)
    other.start()
    begun.wait(10)
    mine = torch.get_num_threads()
    with threads(2):
        changed.set()
        other.join()
        assert torch.get_num_threads() == 2
    assert (seen, torch.get_num_threads()) == ([3], mine)


def test_less_than_one_thread_is_refused() -> None:
    with pytest.raises(UserError, match="threads is 0; give 1 or more"), threads(0):
        pass
