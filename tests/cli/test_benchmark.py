"""``soundctm benchmark``: what it prints and writes, and what it refuses."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from soundctm.benchmark.results import Report
from tests.oracles.commands import Result

Run = Callable[..., Result]
QUICK = ("--seconds", 0.1, "--repeats", 2, "--no-fresh", "--peak", 0.1)


def test_json_has_all_figures(run: Run, tiny_folder: Path, tmp_path: Path) -> None:
    result = run("benchmark", "--model", tiny_folder, "--steps", "1,2", "--json", "--out", "figures.json", *QUICK)
    assert result.code == 0, result.err
    report = Report.model_validate_json(result.out)
    assert len(result.out.splitlines()) == 1
    assert [(each.path, each.steps) for each in report.variants] == [
        ("naive", 1), ("ours", 1), ("naive", 2), ("ours", 2),
    ]  # fmt: skip
    assert report.command[:3] == ("soundctm", "benchmark", "--model") and report.settings.peak == 1e11
    assert json.loads((tmp_path / "figures.json").read_text()) == json.loads(result.out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figures.json"]


def rows(text: str) -> list[tuple[str, int]]:
    """Path of each row of the table of times, and how many cells follow it."""
    found = []
    for line in text.splitlines():
        words = line.split()
        for i, word in enumerate(words[:2]):
            if word in ("naive", "ours", "floor") and words[i + 1 : i + 2] and words[i + 1][0].isdigit():
                found.append((word, len(words) - i - 1))
    return found


def test_the_table_reads_by_itself(run: Run, tiny_folder: Path) -> None:
    result = run("benchmark", "--model", tiny_folder, "--steps", "1,2", "--batch", 2, *QUICK)
    assert result.code == 0, result.err
    assert "0.1 s of sound at 8000 Hz, 2 takes at once" in " ".join(result.out.split())
    # A quartile is two numbers and a dash; a ratio a number and an x.
    assert rows(result.out) == [("naive", 11), ("ours", 13), ("floor", 5)] * 2
    for words in ("In 1 step:", "In 2 steps:", "times as fast as naive", "at 100 GFLOP/s in float32 (as was said)"):
        assert words in " ".join(result.out.split())


def test_without_the_naive_path(run: Run, tiny_folder: Path) -> None:
    result = run("benchmark", "--model", tiny_folder, "--steps", 1, "--no-naive", *QUICK)
    assert result.code == 0 and "naive" not in result.out


REFUSED = {
    "steps": (["--steps", "1,x"], "steps is '1,x'"),
    "too many steps": (["--steps", "1,200"], "steps is 200"),
    "no takes": (["--batch", 0], "takes is 0"),
    "no repeats": (["--repeats", 0], "repeats is 0"),
    "no length": (["--seconds", 0], "seconds is 0"),
    "no threads": (["--threads", 0], "threads is 0"),
    "no peak": (["--peak", -1], "peak is -1 TFLOP/s"),
    "unknown engine": (["--engine", "steam"], "engine is 'steam'; accepted are auto, eager"),
    "unknown precision": (["--precision", "float3"], "precision is 'float3'"),
    "unknown preset": (["--preset", "maxi"], "preset is 'maxi'; accepted are mini, paper-44k-dit-1b"),
    "both": (["--preset", "mini", "--model", "folder"], "leave one of them out"),
    "unknown model": (["--model", "maxi"], "unknown model 'maxi'"),
    "unknown device": (["--device", "abacus"], "device 'abacus' is not available"),
    "no device": (["--device", "meta"], "device 'meta' is not available here; cpu always is"),
    "no number of a device": (["--device", "cuda:x"], "device 'cuda:x' is not available"),
    "no folder": (["--out", "nowhere/figures.json"], "cannot write nowhere/figures.json"),
    "a folder": (["--out", "."], "give --out a file"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_bad_input(case: str, refused: Callable[..., Result]) -> None:
    arguments, said = REFUSED[case]
    refused(said, "benchmark", "--no-fresh", *arguments)


def test_too_long_for_the_naive_path(refused: Callable[..., Result], tiny_folder: Path) -> None:
    refused("leave it out with --no-naive", "benchmark", "--model", tiny_folder, "--no-fresh", "--seconds", 3.5)


def test_interrupted(run: Run, tiny_folder: Path, tmp_path: Path) -> None:
    """Ctrl-C in the middle: the usual code, no traceback, no half file."""
    before = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        result = run("benchmark", "--model", tiny_folder, "--no-fresh", "--repeats", 10_000, "--out", "figures.json")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert result.code == 130 and "Traceback" not in result.err
    assert result.out == "" and list(tmp_path.iterdir()) == []


def test_help(run: Run) -> None:
    result = run("benchmark", "--help")
    assert result.code == 0 and "soundctm benchmark" in result.out.replace("\n", " ")
