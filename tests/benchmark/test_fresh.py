"""A take in a process of its own."""

from pathlib import Path

import pytest

from soundctm import UserError
from soundctm.benchmark.fresh import measure_fresh, peak_memory
from soundctm.benchmark.settings import Settings


def test_first_take_and_memory(tiny_folder: Path) -> None:
    """A process that imports torch takes some tens of megabytes at least, and no more for what this one holds."""
    held = bytearray(b"x") * 2**30
    found = measure_fresh(Settings(model=str(tiny_folder), steps=(2, 1), seconds=0.1, threads=1), "ours")
    assert (found.path, found.steps, found.device_memory) == ("ours", 1, None)
    assert found.ready > 0 and found.first > 0
    assert found.memory is not None and 3e7 < found.memory < len(held)


def test_what_the_user_can_mend_is_said_here(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a model folder"):
        measure_fresh(Settings(model=str(tmp_path)), "ours")


def test_the_high_water_mark_never_falls() -> None:
    before = peak_memory()
    block = bytearray(b"x") * 10_000_000
    after = peak_memory()
    assert before is not None and after is not None and len(block) <= before <= after
