"""SIGKILL, and ``--resume``: log and weights are those of a training that nobody disturbed, bit for bit."""

import json
import random
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

pytestmark = pytest.mark.slow

TRAINER = (sys.executable, "-m", "tests.oracles.trainer")
STEPS = 40
PARTS = ("teacher", "teacher-muon", "student", "student-on", "student-gan", "follow", "autoencoder", "spectral")


@dataclass(frozen=True)
class Whole:
    """A training from beginning to end, and the seconds that it took once its program was loaded."""

    out: Path
    seconds: float


def start(part: str, out: Path, *arguments: str) -> subprocess.Popen[str]:
    """A training as a process of its own that has just begun; it goes on where there is a checkpoint."""
    resume = ["--resume"] if (out / "checkpoint.pt").exists() else []
    command = [*TRAINER, part, str(out), "--steps", str(STEPS), *arguments, *resume]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None and process.stdout.readline() == "begins\n"
    return process


def kill(process: subprocess.Popen[str]) -> bool:
    """Whether it still ran."""
    process.kill()
    code = process.wait()
    assert code in (0, -signal.SIGKILL), f"it failed by itself, with {code}"
    return code != 0


def finish(part: str, out: Path) -> float:
    """Train to the end; the seconds it took."""
    process, began = start(part, out), time.monotonic()
    assert process.wait() == 0
    return time.monotonic() - began


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Whole]:
    """The undisturbed training of a part, made once."""
    made: dict[str, Whole] = {}

    def make(part: str) -> Whole:
        if part not in made:
            out = tmp_path_factory.mktemp("whole") / part
            made[part] = Whole(out, finish(part, out))
        return made[part]

    return make


def logged(out: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "elapsed"} for line in lines]


def steps_logged(out: Path) -> int:
    path = out / "log.jsonl"
    return path.read_text().count("\n") if path.exists() else 0


def assert_the_same(out: Path, other: Path) -> None:
    assert logged(out) == logged(other) and len(logged(out)) == STEPS
    (name,) = (path.name for path in other.glob("*.safetensors"))
    ours, theirs = (load_file(folder / name) for folder in (out, other))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs) and ours.keys() == theirs.keys()


@pytest.mark.parametrize("part", PARTS)
def test_killed_at_two_steps(part: str, whole: Callable[[str], Whole], tmp_path: Path) -> None:
    killed, rng = tmp_path / "killed", np.random.default_rng(0)
    for lines in sorted(rng.choice(np.arange(8, 34), 2, replace=False)):
        process = start(part, killed, "--slow")
        while process.poll() is None and steps_logged(killed) < lines:
            time.sleep(0.005)
        assert kill(process), "it ended before it could be killed"
        assert lines <= steps_logged(killed) < STEPS and (killed / "checkpoint.pt").exists()
    finish(part, killed)
    assert_the_same(killed, whole(part).out)


@pytest.mark.parametrize("part", PARTS)
def test_killed_at_random_moments(part: str, whole: Callable[[str], Whole], tmp_path: Path) -> None:
    """At other moments in every run of this test: between steps, within one, in the writing of a checkpoint, before the
    first one. On a failure the seed and the delays are printed."""
    seed = secrets.randbits(32)
    draw, undisturbed, killed = random.Random(seed), whole(part), tmp_path / "killed"
    kills, latest = 0, 0.6 * undisturbed.seconds
    for attempt in range(8):
        delay = draw.uniform(0, latest)
        process = start(part, killed)
        time.sleep(delay)
        running = kill(process) and not any(killed.glob("*.safetensors"))  # weights come last: then it was done
        kills += running
        found = f"{steps_logged(killed)} steps, {'running' if running else 'at its end'}"
        print(f"seed {seed}, run {attempt}: killed after {delay:.3f} s, {found}")
        if kills == 2 or (kills and not running):
            break
        if not running:  # the undisturbed one was slower, as other tests ran beside it: again from nothing, and sooner
            shutil.rmtree(killed)
            latest = delay / 2
    assert kills, "it ended before it could be killed"
    finish(part, killed)
    assert_the_same(killed, undisturbed.out)
