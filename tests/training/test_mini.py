"""The embedded model from nothing: every stage reads what the ones before it wrote, and whatever stops one is passed on
to it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from soundctm import SoundCTM
from soundctm.errors import UserError
from soundctm.folder import pack
from soundctm.training.mini import Stage, stages, train_mini

CLIPS = 6
STOPPED = """
import signal, sys, time
from pathlib import Path
stopped = []
signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
Path(sys.argv[1], "begun").touch()
while not stopped:
    time.sleep(0.01)
time.sleep(0.3)
Path(sys.argv[1], "saved").touch()
"""
STAGE = "import sys; from soundctm.training.mini import run_stage; sys.exit(run_stage([sys.executable, *sys.argv[1:]]))"


@pytest.mark.slow
def test_every_stage_runs_and_the_model_has_the_last_ones_student(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a ten-thousandth of the minutes, which is a step or two of each network."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    text = tmp_path / "text"  # this stage needs a sentence encoder, embeds a language with it, and has its own tests
    text.mkdir()
    SoundCTM.from_pretrained("mini").text_encoder.save(text)  # type: ignore[operator]
    folder = train_mini(tmp_path, None, 1e-4, 1, CLIPS)
    assert all(stage.finished for stage in stages(tmp_path, None, 1, CLIPS))
    for name in ("autoencoder", "teacher", "student", "audition", "trajectories", "follow"):
        assert (tmp_path / name / "log.jsonl").stat().st_size, name
    stored = load_file(folder / "student.safetensors")
    for name, same in (("student", False), ("audition", False), ("follow", True)):
        packed = pack(load_file(tmp_path / name / "student.safetensors"))
        assert packed.keys() == stored.keys()
        assert all(torch.equal(packed[key], stored[key]) for key in packed) is same, name
    (take,) = SoundCTM.from_pretrained(folder).generate("rain", seconds=0.5, seed=1)
    assert np.isfinite(take.samples).all()


def test_a_stage_is_done_when_its_last_file_is_there(tmp_path: Path) -> None:
    """The text encoder is written weights first, its tokenizer last; a stage between would be without."""
    stage = next(stage for stage in stages(tmp_path, None, 1) if stage.module == "text_encoder")
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "text_encoder.safetensors").touch()
    assert not stage.finished
    (tmp_path / "text" / "tokenizer.json").touch()
    assert stage.finished


def test_each_student_goes_on_with_the_one_before(tmp_path: Path) -> None:
    *_, student, audition, trajectories, follow = stages(tmp_path, None, 1)

    def reads(stage: Stage, option: str) -> Path:
        return Path(stage.arguments[stage.arguments.index(option) + 1])

    assert reads(audition, "--start") == student.done[0].parent
    assert reads(follow, "--start") == audition.done[0].parent
    assert reads(follow, "--gone") == trajectories.done[0].parent
    assert len({stage.done[0].parent for stage in (student, audition, trajectories, follow)}) == 4


def test_clips_that_are_there_are_not_taken_for_others(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "audio.npy", np.zeros((7, 4), np.int16))
    np.save(tmp_path / "data" / "real.npy", np.arange(7) < 2)
    with pytest.raises(UserError, match="has 5 procedural clips; leave --clips out"):
        train_mini(tmp_path, None, 1.0, 1, 6)


@pytest.mark.slow
def test_a_stop_is_passed_on_and_waited_for(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STAGE, "-c", STOPPED, str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    patience = time.monotonic() + 60
    while not (tmp_path / "begun").exists():
        assert process.poll() is None and time.monotonic() < patience
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=60)[1]
    assert process.returncode and "stopped; run the command again" in said, "no stage is begun after it"
    assert (tmp_path / "saved").exists(), "the stage is not left behind, nor killed before it has written"
