"""Two processes and one: the same losses for the same global batch, and checkpoints that go from one to the other."""

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from soundctm.training.world import World

MODULE = "tests.oracles.trainer"
STEPS = 8


def train(out: Path, processes: int, *arguments: str) -> None:
    """Run the trainer, by torchrun where there are several processes."""
    launcher = [sys.executable, "-m", MODULE]
    if processes > 1:
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        launcher += ["--module", MODULE]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [*launcher, *arguments, "--steps", str(STEPS)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    assert (out / "log.jsonl").exists()


def losses(out: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name not in ("elapsed", "step")} for line in lines]


def assert_close(first: Path, second: Path) -> None:
    a, b = losses(first), losses(second)
    assert len(a) == len(b) == STEPS
    for ours, theirs in zip(a, b, strict=True):
        assert ours.keys() == theirs.keys()
        assert all(math.isclose(ours[name], theirs[name], rel_tol=1e-4) for name in ours), (ours, theirs)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["teacher", "student", "student-far", "student-gan", "follow"])
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_processes_share_a_batch(part: str, strategy: str, tmp_path: Path) -> None:
    train(tmp_path / "one", 1, part, str(tmp_path / "one"))
    share_recording(tmp_path / "one", tmp_path / "two")
    train(tmp_path / "two", 2, part, str(tmp_path / "two"), "--strategy", strategy)
    assert_close(tmp_path / "one", tmp_path / "two")


def share_recording(first: Path, second: Path) -> None:
    """Trajectories that a first run recorded, where it follows any, for a second one."""
    if (first / "gone").exists():
        shutil.copytree(first / "gone", second / "gone")


def change_processes(part: str, before: int, after: int, kind: tuple[str, ...], folder: Path) -> None:
    """Train in one go, and with another number of processes from the middle on: the losses are the same."""
    train(folder / "whole", 1, part, str(folder / "whole"))
    moved = folder / "moved"
    share_recording(folder / "whole", moved)
    train(moved, before, part, str(moved), *kind, "--stop-after", "4")
    train(moved, after, part, str(moved), *kind, "--resume")
    assert_close(folder / "whole", moved)


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("student", ("--strategy", "fsdp")),
        ("student", ("--strategy", "ddp")),
        ("student", ("--strategy", "ddp", "--sharded")),
        ("follow", ("--strategy", "fsdp")),
    ],
)
def test_a_checkpoint_changes_the_number_of_processes(
    part: str, before: int, after: int, kind: tuple[str, ...], tmp_path: Path
) -> None:
    change_processes(part, before, after, kind, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
def test_discriminators_change_the_number_of_processes_too(before: int, after: int, tmp_path: Path) -> None:
    """They stay whole where the student is sharded, and go into the same checkpoint."""
    change_processes("student-gan", before, after, ("--strategy", "fsdp"), tmp_path)


def test_shares_are_equal_and_cover_a_batch() -> None:
    rows = [World(rank, 3).share(12) for rank in range(3)]
    assert [list(range(12))[r] for r in rows] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    with pytest.raises(ValueError, match="does not divide"):
        World(0, 3).share(10)


@pytest.mark.parametrize("size", [1, 2])
def test_one_of_many_ends_at_once_with_what_it_said(size: int) -> None:
    lines = f"print('said', end=''); World(0, {size}).end(2); print(' more', end='')"
    command = [sys.executable, "-c", f"from soundctm.training.world import World; {lines}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == ((0, "said more") if size == 1 else (2, "said"))


@pytest.mark.parametrize(("error", "code"), [("RuntimeError('lost')", 1), ("UserError('lost')", 2)])
def test_one_of_many_ends_at_once_whatever_went_wrong(error: str, code: int) -> None:
    lines = (
        "import atexit; from soundctm.cli.training import leaving; from soundctm.errors import UserError; "
        "from soundctm.training.world import World; atexit.register(print, 'taken down')\n"
        f"with leaving(World(0, 2)):\n    raise {error}"
    )
    result = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (code, "") and "lost" in result.stderr
