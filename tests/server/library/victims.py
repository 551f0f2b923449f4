"""A program that is killed, or stopped, at every point where it touches the disk or the database.

Run as ``python -m tests.server.library.victims SCENARIO FOLDER HOW [FIRST LAST STEP]``. For each number it copies the
library ``FOLDER/template`` to ``FOLDER/<number>`` and forks a child that runs the scenario there and ends at that
point: no part of the library is replaced, it is only watched (:func:`sys.setprofile`). A line of JSON tells what each
child had confirmed before its end; the first child that reaches the end of the scenario is the last.
"""

import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from soundctm.server.library import Library
from tests.server.library.makers import all_entries, sound

TOUCHES = {
    "open", "mkdir", "replace", "rename", "unlink", "rmdir", "fsync", "close", "flock", "write", "flush", "__exit__",
    "execute", "commit", "rollback",
}  # fmt: skip
ROOMS = {"posix", "fcntl", "io", "_io", "sqlite3", "_sqlite3"}
MET = 3  # exit status of a child that met its end and lived
Say = Callable[..., None]


def _touches(function: Any) -> bool:
    home = getattr(function, "__module__", None) or type(getattr(function, "__self__", None)).__module__
    return home in ROOMS and getattr(function, "__name__", "") in TOUCHES


class End:
    """Before the call of that number which touches the disk or the database, send this process a signal. (What is after
    one call is before the next.)"""

    def __init__(self, number: int, how: signal.Signals) -> None:
        self.left = number
        self.how = how

    def watch(self, frame: FrameType, event: str, function: Any) -> None:
        """What :func:`sys.setprofile` takes."""
        if event == "c_call" and _touches(function):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), self.how)


# ---- scenarios: each arms its end when it is ready, and says what it has been told is done


def add(folder: Path, arm: Callable[[], None], say: Say) -> None:
    """Two takes of a job, one of which is renamed and tagged."""
    library = Library.open(folder)
    parent = all_entries(library)[-1].id
    job = library.save_job("generate", {"prompt": "rain"})
    library.update_job(job.id, "running")
    arm()
    made = library.add(sound(1, prompt="rain"), kind="take", parents=[parent], name="mine", job=job.id)
    say("added", made.id)
    library.change(made.id, tags=["wet"])
    say("tagged", made.id)
    say("added", library.add(sound(2, prompt="wind"), kind="take", parents=[parent], name="mine", job=job.id).id)
    library.close()


def delete(folder: Path, arm: Callable[[], None], say: Say) -> None:
    """Deletion, undo, deletion, purge of one, purge of all that are deleted."""
    library = Library.open(folder)
    a, b, c = (entry.id for entry in reversed(all_entries(library)))
    arm()
    token = library.delete([a, b]).token
    say("deleted", a, b)
    library.undo(str(token))
    say("restored", a, b)
    library.delete([b, c])
    say("deleted", b, c)
    library.purge_some([b])
    say("purged", b)
    library.purge(timedelta(0))
    say("purged", c)
    library.close()


def recover(folder: Path, arm: Callable[[], None], say: Say) -> None:
    """The library is opened, with all there is to put right."""
    arm()
    library = Library.open(folder)
    say("opened")
    library.close()


def found(folder: Path, arm: Callable[[], None], say: Say) -> None:
    """A library is begun where there is none."""
    shutil.rmtree(folder)
    arm()
    library = Library.open(folder)
    say("added", library.add(sound(1, prompt="rain"), kind="take").id)
    library.close()


SCENARIOS = {scenario.__name__: scenario for scenario in (add, delete, recover, found)}


# ---- children


def _limit(size: int) -> None:
    """From here on no file of this process grows beyond a size: the kernel kills it in the middle of a write."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _child(scenario: str, folder: Path, how: str, number: int, said: int) -> bool:
    """Whether the end was met; it may be one that lets the child go on."""

    def say(*words: str) -> None:
        os.write(said, (json.dumps(words) + "\n").encode())

    end = End(number, signal.SIGSTOP if how == "stop" else signal.SIGKILL)
    arm = partial(_limit, number) if how == "limit" else partial(sys.setprofile, end.watch)
    SCENARIOS[scenario](folder, arm, say)
    sys.setprofile(None)
    return end.left <= 0


def run(scenario: str, root: Path, how: str, number: int) -> tuple[int, list[list[str]]]:
    """The signal that ended the child, MET when it was stopped on its way, 0 when not; and what it said."""
    folder = root / str(number)
    shutil.copytree(root / "template", folder)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            status = MET if _child(scenario, folder, how, number, writing) else 0
        finally:
            os._exit(status)
    os.close(writing)
    if how == "stop":
        print(json.dumps(child), flush=True)
    with os.fdopen(reading) as pipe:
        said = [json.loads(line) for line in pipe]
    _, ended = os.waitpid(child, 0)
    assert os.WIFSIGNALED(ended) or os.WEXITSTATUS(ended) in (0, MET), (scenario, number)
    return os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else os.WEXITSTATUS(ended), said


def main(scenario: str, root: str, how: str, first: str = "1", last: str = "100000", step: str = "1") -> None:
    """Children from ``first`` to ``last``, or to the first that was not ended."""
    for number in range(int(first), int(last) + 1, int(step)):
        ended, said = run(scenario, Path(root), how, number)
        print(json.dumps([number, ended, said]), flush=True)
        if not ended:
            break


if __name__ == "__main__":
    main(*sys.argv[1:])
