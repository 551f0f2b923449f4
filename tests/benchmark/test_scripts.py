"""What the programs beside the package refuse, before they measure anything."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import precision
import scaling
import startup
import verdicts

CASES = {
    "scaling, no folder": (scaling.main, ("--out", "nowhere/a.json"), "cannot write nowhere/a.json"),
    "scaling, no folder for the picture": (
        scaling.main, ("--out", "a.json", "--picture", "nowhere/a.png"), "cannot write nowhere/a.png",
    ),
    "scaling, device": (scaling.main, ("--out", "a.json", "--device", "abacus"), "device 'abacus' is not available"),
    "scaling, model": (scaling.main, ("--out", "a.json", "--model", "maxi"), "unknown model 'maxi'"),
    "scaling, threads": (scaling.main, ("--out", "a.json", "--threads", "0"), "threads is 0"),
    "scaling, repeats": (scaling.main, ("--out", "a.json", "--repeats", "0"), "repeats is 0"),
    "startup, no folder": (startup.main, ("--out", "nowhere/a.json"), "cannot write nowhere/a.json"),
    "startup, runs": (startup.main, ("--out", "a.json", "--runs", "0"), "runs is 0"),
    "verdicts, no folder": (verdicts.main, ("--out", "nowhere/a.json"), "cannot write nowhere/a.json"),
    "precision, no folder": (
        precision.main, ("--data", ".", "--out", "nowhere/a.json"), "cannot write nowhere/a.json",
    ),
    "precision, threads": (precision.main, ("--data", ".", "--out", "a.json", "--threads", "0"), "threads is 0"),
    "precision, takes": (precision.main, ("--data", ".", "--out", "a.json", "--takes", "0"), "takes is 0"),
    "precision, no recordings": (precision.main, ("--data", ".", "--out", "a.json"), "holds no esc10"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_bad_input(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main, given, said = CASES[case]
    command: Callable[[tuple[str, ...]], None] = main
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        command(given)
    err = capsys.readouterr().err
    assert ended.value.code == 2 and said in err and "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
