"""Several programs on one library, at the same time."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from soundctm.server.library import Library, LibraryFault, Recovery, database
from soundctm.server.library.locks import alone, is_dead
from tests.conftest import REPOSITORY
from tests.server.library.makers import all_entries, check_laws, prompts

WRITER = """
import sys
from soundctm.server.library import Library
from tests.server.library.makers import sound
with Library.open(sys.argv[1]) as library:
    for number in range(int(sys.argv[2])):
        entry = library.add(sound(number, prompt=f"{sys.argv[3]} {number}"), kind="take")
        print(library.change(entry.id, starred=True).id, flush=True)
    print("done", flush=True)
    sys.stdin.readline()
"""


def writer(folder: Path, count: int, name: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(folder), str(count), name]
    return subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_programs_on_one_folder_see_each_others_changes(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        others = [writer(tmp_path, 8, name) for name in ("a", "b")]
        mine = prompts(library, *(f"c {i}" for i in range(8)))
        told: set[str] = set()
        serial = 0
        printed: set[str] = set()
        for other in others:
            assert other.stdout is not None
            for line in other.stdout:
                if line.strip() == "done":
                    break
                printed.add(line.strip())
                news = library.changes_since(serial)  # at once, while the other is alive
                serial, told = news.serial, told | set(news.ids)
                assert printed <= told and library.get(line.strip()).starred
        assert len(printed) == 16 and told == printed | {entry.id for entry in mine}
        with Library.open(tmp_path) as another:
            assert another.recovered == Recovery()  # all are at rest, and alive
        check_laws(library)
        for other in others:
            other.communicate("go\n", timeout=30)
            assert other.returncode == 0
        assert len(list((tmp_path / "incoming").iterdir())) == 1


def stopped(process: int) -> bool:
    """Wait until that process is stopped; False when it has ended instead."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return False
        if state in "TZ":
            return state == "T"
        time.sleep(0.001)
    raise TimeoutError(process)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="whether a process is stopped is read from /proc")
@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 19], ids=["all", "some"])
def test_opening_disturbs_nobody_at_any_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """One program is stopped somewhere in adding a sound, another opens the library and puts right what it finds, the
    first goes on: both sounds are there, once. In the middle of a transaction the other is told to come back."""
    monkeypatch.setattr(database, "BUSY", 0.05)
    with Library.open(tmp_path / "template") as library:
        prompts(library, "a", "b", "c")
    command = [sys.executable, "-m", "tests.server.library.victims", "add", str(tmp_path), "stop", "1", "100000"]
    opened = busy = 0
    with subprocess.Popen([*command, str(step)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as victims:
        assert victims.stdout is not None
        point = 1
        while line := victims.stdout.readline():
            child = int(line)
            try:
                if stopped(child):
                    try:
                        with Library.open(tmp_path / str(point)) as library:
                            recovered = replace(library.recovered, interrupted=())
                            assert recovered == Recovery()  # its job is interrupted when it has closed its library
                            assert library.recovered.interrupted == () or len(all_entries(library)) == 5
                        opened += 1
                    except LibraryFault as fault:
                        assert "busy" in str(fault)
                        busy += 1
            finally:
                if Path(f"/proc/{child}").exists():
                    os.kill(child, signal.SIGCONT)
            _, _, said = json.loads(victims.stdout.readline())
            assert [words[0] for words in said] == ["added", "tagged", "added"], (point, said)
            with Library.open(tmp_path / str(point)) as library:
                assert library.recovered.adopted == () == library.recovered.dropped
                assert len(check_laws(library)) == 5 and {said[0][1], said[2][1]} <= {
                    e.id for e in all_entries(library)
                }
            point += step
    assert (opened > 10 and busy > 10) or step > 1


def test_one_opens_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "library.lock"
    with alone(lock), pytest.raises(LibraryFault, match="another program is opening"), alone(lock, patience=0.05):
        pass
    with alone(lock, patience=0.0):
        pass


def test_opening_and_closing_at_the_same_time(tmp_path: Path) -> None:
    def come_and_go(number: int) -> None:
        for _ in range(6):
            with Library.open(tmp_path) as library:
                prompts(library, f"rain {number}")
                assert library.recovered == Recovery()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(come_and_go, range(6)))
    with Library.open(tmp_path) as library:
        assert len(check_laws(library)) == 36 and library.recovered == Recovery()


def test_who_is_alive_is_told_by_the_lock_and_not_by_the_file(tmp_path: Path) -> None:
    library = Library.open(tmp_path)
    incoming = tmp_path / "incoming"
    (token,) = (path.name for path in incoming.iterdir())
    assert not is_dead(incoming, token) and not is_dead(incoming, token) and is_dead(incoming, "f" * 16)
    library._owner._file.close()  # as the kernel does when a process ends
    assert is_dead(incoming, token) and (incoming / token).is_dir()
    library.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals like SIGKILL on Windows")
def test_programs_killed_at_any_moment_lose_nothing_that_they_confirmed(tmp_path: Path) -> None:
    confirmed: set[str] = set()
    for round_ in range(12):
        victims = [writer(tmp_path, 1000, name) for name in "ab"]
        first, second = (victim.stdout for victim in victims)
        assert first is not None and second is not None
        confirmed |= {first.readline().strip() for _ in range(1 + round_)}
        for victim in victims:
            victim.kill()
        for victim, said in zip(victims, (first, second), strict=True):
            confirmed |= {line for line in said.read().split("\n")[:-1] if line != "done"}
            victim.communicate()
        with Library.open(tmp_path) as library:
            assert confirmed <= set(check_laws(library))
    assert len(confirmed) >= sum(range(1, 13))
