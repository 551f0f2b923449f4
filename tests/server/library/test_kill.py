"""A process that is killed at any point leaves a library in which nothing that was confirmed is lost."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from soundctm.server.library import Library
from tests.conftest import REPOSITORY
from tests.server.library.makers import check_laws, prompts, sound

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no signals like SIGKILL on Windows")
LAST = 1_000_000


def every(few: int) -> pytest.MarkDecorator:
    """Every point in `make test`; one of a few while one works."""
    steps = [pytest.param(1, marks=pytest.mark.slow), few]
    return pytest.mark.parametrize("step", steps, ids=["all", "some"])


Ended = tuple[int, int, list[list[str]]]  # the point, the signal, what was confirmed before


def victims(scenario: str, root: Path, how: str, *points: int) -> list[Ended]:
    """Run a scenario, ended at each of its points."""
    command = [sys.executable, "-m", "tests.server.library.victims", scenario, str(root), how, *map(str, points)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]  # type: ignore[misc]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the library that every victim begins with: three takes."""
    with Library.open(tmp_path / "template") as library:
        prompts(library, "a", "b", "c")
    return tmp_path


def reopened(root: Path, ended: list[Ended]) -> Iterator[tuple[int, list[list[str]], Library]]:
    """The library of every victim, put right; opened once more it has nothing left to put right."""
    for point, _, said in ended:
        with Library.open(root / str(point)) as library:
            check_laws(library)
            yield point, said, library
            with Library.open(root / str(point)) as again:
                assert again.recovered == type(library.recovered)()
        shutil.rmtree(root / str(point))


def check_added(said: list[list[str]], library: Library, before: int) -> None:
    entries = check_laws(library)
    added = [words[1] for words in said if words[0] == "added"]
    assert set(added) <= set(entries) and before + len(added) <= len(entries) <= before + len(added) + 1
    for entry in sorted(entries.values(), key=lambda entry: entry.created)[before:]:  # adopted or not, they are whole
        (job,) = library.jobs()
        assert (entry.name, entry.kind, len(entry.parents), entry.job) == ("mine", "take", 1, job.id)
    for words in said:
        if words[0] == "tagged":
            assert entries[words[1]].tags == ("wet",)


def check_jobs(library: Library) -> None:
    (job,) = library.jobs()
    assert job.state == "interrupted" and library.recovered.interrupted == (job.id,)
    assert job.request == {"prompt": "rain"}


@every(7)
def test_killed_at_any_point_of_adding(root: Path, step: int) -> None:
    ended = victims("add", root, "kill", 1, LAST, step)
    assert all(how == signal.SIGKILL for _, how, _ in ended[:-1]) and ended[-1][1] == 0 and len(ended) > 60 / step
    adopted = 0
    for _, said, library in reopened(root, ended):
        check_added(said, library, 3)
        check_jobs(library)
        adopted += len(library.recovered.adopted)
        assert library.recovered.dropped == () == library.recovered.set_aside
    assert adopted > 4 / step  # the points between a file and its row were met


@every(29)
def test_killed_in_the_middle_of_a_write(root: Path, step: int) -> None:
    """The kernel ends the process when a file reaches a size: within files of sounds, and within the database's log."""
    ended = victims("add", root, "limit", 97, LAST, 1111 * step)
    assert all(how == signal.SIGXFSZ for _, how, _ in ended[:-1]) and ended[-1][1] == 0 and len(ended) > 40 / step
    for _, said, library in reopened(root, ended):
        check_added(said, library, 3)
        check_jobs(library)


@every(29)
def test_killed_at_any_point_of_deleting(root: Path, step: int) -> None:
    ended = victims("delete", root, "kill", 1, LAST, step)
    assert ended[-1][1] == 0 and len(ended) > 40 / step
    with Library.open(root / "template") as library:
        a, b, c = sorted(check_laws(library), key=lambda identifier: library.get(identifier).name)
    stages = [set(), {a, b}, set(), {b, c}, {b, c}, {b, c}]
    there = [{a, b, c}] * 4 + [{a, c}, {a}]
    leftovers = 0
    for _, said, library in reopened(root, ended):
        entries = check_laws(library)
        gone = {identifier for identifier, entry in entries.items() if entry.deleted} | {a, b, c} - set(entries)
        assert gone in stages[len(said) : len(said) + 2]
        assert set(entries) in there[len(said) : len(said) + 2]
        leftovers += len(library.recovered.removed)
        assert library.recovered.adopted == ()  # what was purged does not come back
        assert library.recovered.dropped == ()  # rows go before files
    assert leftovers > 0 or step > 1


@every(29)
def test_killed_at_any_point_of_opening(root: Path, step: int) -> None:
    """What one recovery left half done, the next one does."""
    template = root / "template"
    with Library.open(template) as library:
        kept, lost, orphan = sorted(check_laws(library), key=lambda identifier: library.get(identifier).name)
        job = library.save_job("generate", {})
        library.get(lost).path.unlink()
        stray = library.folder / "clips" / "ff" / f"{'f' * 32}.wav"
        stray.parent.mkdir(exist_ok=True)
        sound(5, prompt="stray").save(stray)
        unreadable = library.folder / "clips" / "ff" / f"{'f' * 31}e.wav"
        unreadable.write_bytes(b"noise")
    half = template / "incoming" / "0123456789abcdef"
    half.mkdir()
    (half / "half.wav").write_bytes(b"RIFF")
    ended = victims("recover", root, "kill", 1, LAST, step)
    assert ended[-1][1] == 0 and len(ended) > 60 / step
    for _, _, library in reopened(root, ended):
        assert set(check_laws(library)) == {kept, orphan, "f" * 32}
        assert (library.folder / "set-aside" / unreadable.name).read_bytes() == b"noise"
        assert library.job(job.id).state == "interrupted" and library.get("f" * 32).prompt == "stray"
        assert lost in library.changes_since(0).gone
        assert len(list((library.folder / "incoming").iterdir())) == 1


@every(29)
def test_killed_at_any_point_of_beginning(root: Path, step: int) -> None:
    ended = victims("found", root, "kill", 1, LAST, step)
    assert ended[-1][1] == 0 and len(ended) > 60 / step
    for _, said, library in reopened(root, ended):
        assert len(said) <= len(check_laws(library)) <= 1
