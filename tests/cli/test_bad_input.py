"""Bad input: one line that names the remedy, exit code 2, no traceback, nothing written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundctm.folder import SHIPPED


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "soundctm", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)


def copy_of_mini(folder: Path) -> Path:
    """The shipped model through links, so that one file can be spoilt."""
    folder.mkdir()
    for path in (SHIPPED / "mini").iterdir():
        (folder / path.name).symlink_to(path)
    return folder


def spoil_truncated(folder: Path) -> None:
    path = folder / "student.safetensors"
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[: len(data) // 2])


def spoil_foreign(folder: Path) -> None:
    (folder / "student.safetensors").unlink()
    (folder / "student.safetensors").symlink_to(SHIPPED / "mini" / "autoencoder.safetensors")


def spoil_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").unlink()
    (folder / "config.json").write_text(json.dumps(config | {"omga": 3}))


VALUES = {
    "empty prompt": (["generate", ""], "prompt is empty"),
    "blank prompt": (["generate", "   "], "prompt is empty"),
    "long prompt": (["generate", "x" * 100_000], "100,000 characters"),
    "control characters": (["generate", "rain\x07"], "control characters"),
    "no steps": (["generate", "rain", "--steps", "0"], "steps is 0"),
    "too many steps": (["generate", "rain", "--steps", "1000"], "steps is 1000"),
    "negative length": (["generate", "rain", "--seconds", "-1"], "seconds is -1"),
    "endless": (["generate", "rain", "--seconds", "inf"], "seconds is inf"),
    "negative seed": (["generate", "rain", "--seed", "-1"], "seed is -1"),
    "huge seed": (["generate", "rain", "--seed", str(2**63)], "seed is 9223372036854775808"),
    "gamma": (["generate", "rain", "--gamma", "1.5"], "gamma is 1.5"),
    "nan": (["generate", "rain", "--nu", "nan"], "nu is nan"),
    "no takes": (["generate", "rain", "--takes", "0"], "takes is 0"),
    "word for number": (["generate", "rain", "--steps", "many"], "many"),
    "unknown option": (["generate", "rain", "--stepz", "1"], "stepz"),
    "unknown model": (["generate", "rain", "--model", "maxi"], "unknown model 'maxi'"),
    "unknown device": (["generate", "rain", "--device", "abacus"], "device 'abacus'"),
    "missing file": (["refine", "nowhere.wav"], "no such file"),
    "unwritable folder": (["generate", "rain", "--out", "/proc/sounds"], "folder"),
}


def check_refusal(result: subprocess.CompletedProcess[str], said: str, folder: Path) -> None:
    assert result.returncode == 2, result.stdout + result.stderr
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr
    assert not list(folder.rglob("*.wav*")) and not list(folder.rglob("*.partial"))


@pytest.mark.slow
@pytest.mark.parametrize("case", list(VALUES))
def test_values_out_of_range(case: str, tmp_path: Path) -> None:
    arguments, said = VALUES[case]
    check_refusal(run(*arguments, cwd=tmp_path), said, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "said"),
    [(spoil_truncated, "damaged"), (spoil_foreign, "does not belong"), (spoil_config, "omga is not a known key")],
)
def test_spoilt_models(spoil, said: str, tmp_path: Path) -> None:
    folder = copy_of_mini(tmp_path / "model")
    spoil(folder)
    check_refusal(run("generate", "rain", "--model", str(folder), cwd=tmp_path), said, tmp_path)


@pytest.mark.slow
def test_refine_wants_a_recipe(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    soundfile.write(folder / "foreign.aiff", np.zeros(1000), 44100)
    check_refusal(run("refine", "in/foreign.aiff", cwd=tmp_path), "carries no recipe", tmp_path)
    (folder / "text.flac").write_text("not audio")
    check_refusal(run("refine", "in/text.flac", cwd=tmp_path), "not a readable audio file", tmp_path)
