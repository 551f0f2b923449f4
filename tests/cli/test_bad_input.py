"""Bad input: one line that names the remedy, exit code 2, no traceback, nothing written."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.oracles.commands import made

VALUES = {
    "empty prompt": (["generate", ""], "prompt is empty"),
    "blank prompt": (["generate", "   "], "prompt is empty"),
    "long prompt": (["generate", "x" * 100_000], "100,000 characters"),
    "control characters": (["generate", "rain\x07"], "control characters"),
    "half a character": (["generate", "rain\udc80"], "control characters"),
    "no steps": (["generate", "rain", "--steps", "0"], "steps is 0"),
    "too many steps": (["generate", "rain", "--steps", "1000"], "steps is 1,000"),
    "negative length": (["generate", "rain", "--seconds", "-1"], "seconds is -1"),
    "no length": (["generate", "rain", "--seconds", "0"], "seconds is 0"),
    "endless": (["generate", "rain", "--seconds", "inf"], "seconds is inf"),
    "negative seed": (["generate", "rain", "--seed", "-1"], "seed is -1"),
    "huge seed": (["generate", "rain", "--seed", str(2**63)], "seed is 9,223,372,036,854,775,808"),
    "gamma": (["generate", "rain", "--gamma", "1.5"], "gamma is 1.5"),
    "nan": (["generate", "rain", "--nu", "nan"], "nu is nan"),
    "no auditions": (["generate", "rain", "--auditions", "0"], "auditions is 0"),
    "too many auditions": (["generate", "two knocks", "--auditions", "257"], "auditions is 257"),
    "no events": (["generate", "rain", "--events", "0"], "events is 0"),
    "no takes": (["generate", "rain", "--takes", "0"], "takes is 0"),
    "word for number": (["generate", "rain", "--steps", "many"], "--steps is 'many'; give a whole number"),
    "fraction for number": (["generate", "rain", "--steps", "1.5"], "--steps is '1.5'; give a whole number"),
    "unknown option": (["generate", "rain", "--stepz", "1"], "stepz"),
    "unknown command": (["generat", "rain"], "generat"),
    "unknown model": (["generate", "rain", "--model", "maxi"], "unknown model 'maxi'"),
    "unknown hub model": (["generate", "rain", "--model", "nobody/nothing"], "unknown model 'nobody/nothing'"),
    "unknown device": (["generate", "rain", "--device", "abacus"], "device 'abacus'"),
    "missing file": (["refine", "nowhere.wav"], "no such file"),
    "folder for file": (["refine", "."], "this is a folder: ."),
    "nothing to describe": (["info", "nowhere.wav"], "no such file"),
    "unwritable folder": (["generate", "rain", "--out", "/proc/sounds"], "cannot make folder /proc/sounds"),
    "no checkpoint": (
        ["convert", "official", "--student=nowhere.pt", "--autoencoder=nowhere.pt", "--latent-stats=nowhere.pt",
         "--clap=nowhere.pt", "--out=model"],
        "no such checkpoint: nowhere.pt",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(VALUES))
def test_values_out_of_range(case: str, refused, tiny_folder: Path) -> None:
    arguments, said = VALUES[case]
    if arguments[0] == "generate" and "--model" not in arguments:
        arguments = [*arguments, "--model", tiny_folder]
    refused(said, *arguments)


def truncated(folder: Path) -> None:
    path = folder / "student.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def foreign(folder: Path) -> None:
    shutil.copy(folder / "autoencoder.safetensors", folder / "student.safetensors")


def unknown_key(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"omga": 3}))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (truncated, "student.safetensors is damaged"),
        (foreign, "student.safetensors does not belong"),
        (unknown_key, "omga is not a known key"),
    ],
)
def test_spoilt_models(spoil: Callable[[Path], None], said: str, refused, tiny_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    spoil(folder)
    for command in (["generate", "rain", "--model", folder], ["info", folder]):
        refused(said, *command)


def test_refine_wants_a_recipe(refused, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "recording.aiff", np.zeros(1000), 44100)
    refused("carries no recipe", "refine", "recording.aiff")
    (tmp_path / "text.wav").write_text("not audio")
    refused("not a readable audio file", "refine", "text.wav")


def test_refine_wants_the_same_weights(run, refused, tiny_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    (take,) = made(run("generate", "rain", "--takes", 1, "--model", folder, "--json"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"rho": 6.0}))
    refused("load that model", "refine", take["wav"])


def test_a_folder_without_permission(refused, tiny_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):  # root may write anywhere: a file in the way shows the same guard
        folder.rmdir()
        folder.write_text("")
    refused("locked", "generate", "rain", "--model", tiny_folder, "--out", folder)


def test_a_negative_prompt_needs_nu(refused, tiny_folder: Path) -> None:
    refused("no effect at nu = 1", "generate", "rain", "--negative", "a bell", "--model", tiny_folder)


def as_process(*arguments: object, cwd: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    program = f"{before}\nfrom soundctm.cli.app import main\nmain()"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)


def test_a_full_disk_leaves_no_partial_file(tiny_folder: Path, tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))"
    result = as_process("generate", "rain", "--model", tiny_folder, "--out", "sounds", cwd=tmp_path, before=limit)
    assert result.returncode == 2
    assert result.stderr.startswith("soundctm: cannot write") and len(result.stderr.splitlines()) == 1
    assert list((tmp_path / "sounds").iterdir()) == []


def test_the_process_says_the_same(tmp_path: Path) -> None:
    result = as_process("generate", "", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr and len(result.stderr.splitlines()) == 1
