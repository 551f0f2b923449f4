"""The command line as it is, in this process: arguments in, exit code and output out."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundctm.cli.app import main
from tests.cli.delivering import LIST
from tests.oracles.commands import Result, check_refusal, made
from tests.oracles.recordings import RATE, recording
from tests.oracles.sounds import content


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Result]:
    """Runs a command in an empty working folder (``tmp_path``), offline."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def command(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["soundctm", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Result(int(ended.value.code or 0), said.out, said.err)

    return command


@pytest.fixture
def refused(run: Callable[..., Result], tmp_path: Path) -> Callable[..., Result]:
    """Runs a command that must end in one line, in which something is said, and leave every file as it was."""

    def command(said: str, *arguments: object) -> Result:
        before = content(tmp_path)
        result = run(*arguments)
        check_refusal(result, said)
        assert content(tmp_path) == before
        return result

    return command


@pytest.fixture
def take(run: Callable[..., Result], tiny_folder: Path) -> str:
    """A plain take in the working folder, as the commands name it."""
    (entry,) = made(run("generate", "rain", "--takes", 1, "--seed", 4, "--model", tiny_folder, "--json"))
    return str(entry["wav"])


@pytest.fixture
def takes(run: Callable[..., Result], tiny_folder: Path, tmp_path: Path) -> list[str]:
    """Two takes of heavy rain in the working folder, and a list of categories."""
    (tmp_path / "ucs.csv").write_text(LIST)
    entries = made(run("generate", "heavy rain", "--takes", 2, "--seed", 4, "--model", tiny_folder, "--json"))
    return [str(entry["wav"]) for entry in entries]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Recordings and other files in the working folder of the commands."""
    recording(1).save(tmp_path / "sea.wav")
    recording(2, seconds=0.7).save(tmp_path / "bell.wav")
    recording(3, seconds=0.05).save(tmp_path / "tick.wav")
    spoilt = recording(1).samples.copy()
    spoilt[0, 700] = np.nan
    soundfile.write(tmp_path / "nan.wav", spoilt[0], RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "loud.wav", 1.3 * np.sin(np.arange(RATE) * 0.2), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    soundfile.write(tmp_path / "square.wav", np.sign(recording(1).samples[0] + 1e-9) * 0.5, RATE)
    sea = recording(1).samples[0]
    soundfile.write(tmp_path / "apart.wav", np.stack([sea, -sea], 1), RATE)
    soundfile.write(tmp_path / "nearly.wav", np.stack([sea, -0.7 * sea], 1), RATE)
    data = (tmp_path / "sea.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.wav").write_text("not audio")
    (tmp_path / "curve.csv").write_text("seconds,dB\n0,-40\n0.5,-20\n1,-50\n")
    (tmp_path / "bad.csv").write_text("0,-40\n0.5,loud\n")
    return tmp_path
