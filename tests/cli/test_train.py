"""From a folder of sounds to a model that generates, through the commands alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from soundctm.training.learnt_phrases import collect, write_phrases
from tests.oracles.sounds import encoded, tone, write_folder

TEACHER = """
kind = "teacher"
steps = 4
batch = 4
accumulate = 2
[optimizer]
name = "muon"
learning_rate = 1e-3
[backbone]
role = "teacher"
channels = 8
width = 32
depth = 2
heads = 2
context_dim = 16
kv_heads = 1
patch = 2
fourier_features = 16
rope_dims = 8
qk_norm = true
time_conditioning = "adaln"
jump_embedding = "separate"
"""
STUDENT = """
kind = "student"
steps = 3
batch = 4
max_solver_steps = 2
[optimizer]
name = "radam"
learning_rate = 1e-3
"""
RECORDING = """
kind = "trajectories"
steps = 3
batch = 4
solver_steps = 4
"""
FOLLOW = """
kind = "follow"
steps = 3
batch = 4
[optimizer]
name = "muon"
learning_rate = 1e-3
"""
GAN = """
[gan]
crop_frames = 8
discriminators = { periods = [2, 3], period_widths = [4, 8], windows = [128], band_edges = [0, 0.4, 1], band_width = 4 }
"""

SPECTRAL = """
kind = "spectral"
steps = 2
batch = 2
crop_frames = 16
fit_clips = 20
fit_seconds = 0.5
[autoencoder]
sample_rate = 8000
n_fft = 256
frame_hop = 64
bands = 20
channels = 8
width = 8
depth = 1
"""
ADVERSARY = """
[adversary]
lead = 0
discriminators = { periods = [2, 3], period_widths = [4, 8], windows = [128], band_edges = [0, 0.4, 1], band_width = 4 }
"""


@pytest.fixture(scope="module")
def ground(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sounds, configurations, and the sounds prepared."""
    folder = tmp_path_factory.mktemp("ground")
    files = {f"in/{i}.wav": encoded(tone(200 + 100 * i)) for i in range(5)}
    files |= {f"in/{i}.txt": f"a tone, number {i}".encode() for i in range(5)}
    files |= {"teacher.toml": TEACHER.encode(), "student.toml": STUDENT.encode(), "gan.toml": (STUDENT + GAN).encode()}
    files |= {"further.toml": ('start = "teacher"\n' + TEACHER).encode()}
    files |= {"onward.toml": ('start = "student"\nfrom_top = 0.5' + STUDENT).encode()}
    files |= {"recording.toml": RECORDING.encode(), "follow.toml": FOLLOW.encode()}
    files |= {"spectral.toml": SPECTRAL.encode(), "adversary.toml": (SPECTRAL + ADVERSARY).encode()}
    write_folder(folder, files)
    command = (sys.executable, "-m", "soundctm", "data", "prepare", "in", "--out", "prepared", "--seconds", "0.5")
    subprocess.run([*command, "--latents", str(tiny_folder)], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def data(ground: Path, tmp_path: Path) -> str:
    """The name of the prepared folder, in a working folder of its own."""
    shutil.copytree(ground, tmp_path, dirs_exist_ok=True)
    return "prepared"


def test_a_folder_of_sounds_becomes_a_model(run, data: str, tiny_folder: Path, tmp_path: Path) -> None:
    teacher = ("train", "teacher", "--config", "teacher.toml", "--data", data, "--out", "t")
    plan = run(*teacher, "--dry-run")
    assert plan.code == 0 and "parameters" in plan.out and "MiB" in plan.out and not (tmp_path / "t").exists()
    assert run(*teacher).code == 0
    student = ("train", "student", "--config", "student.toml", "--data", data, "--teacher", "t", "--out", "s")
    plan = run(*student, "--dry-run")
    assert plan.code == 0 and "distance teacher" in plan.out and "Heun" in plan.out
    assert run(*student, "--board", "--listen", tiny_folder).code == 0
    events = EventAccumulator(str(tmp_path / "s" / "board")).Reload()
    assert "ctm" in events.Tags()["scalars"]
    assert sorted({tag.split("/")[0] for tag in events.Tags()["audio"]}) == ["1 step", "4 steps"]
    assert len(events.Tags()["images"]) == len(events.Tags()["audio"]) > 2
    base = Path(shutil.copytree(tiny_folder, tmp_path / "base"))
    write_phrases(collect([["rain"]], 1), base / "phrases.json")
    made = run("train", "assemble", "--base", base, "--teacher", "t", "--student", "s", "--out", "mine")
    assert made.code == 0, made.err
    assert not (tmp_path / "mine" / "phrases.json").exists(), "another student has learnt other words"
    result = run("generate", "rain", "--takes", 1, "--seed", 3, "--model", "mine", "--json")
    assert result.code == 0 and json.loads(result.out)["files"][0]["recipe"]["model"].endswith("mine")


def test_a_student_is_trained_on(run, data: str, tiny_folder: Path, tmp_path: Path) -> None:
    guided = ("--data", data, "--teacher", tiny_folder)
    assert run("train", "student", "--config", "student.toml", *guided, "--out", "s").code == 0
    onward = ("train", "student", "--config", "onward.toml", *guided, "--out", "t")
    for given, said in (((), "--start"), (("--start", tiny_folder), "has jump_embedding separate")):
        for dry in ((), ("--dry-run",)):
            refused = run(*onward, *given, *dry)
            assert refused.code == 2 and said in refused.err and not (tmp_path / "t" / "student.json").exists()
    itself = run(*onward[:-1], "s", "--start", tmp_path / "s", "--resume")
    assert itself.code == 2 and "--start and --out are both s" in itself.err
    plan = run(*onward, "--start", "s", "--dry-run")
    assert plan.code == 0 and "start: student" in plan.out and "50% from the highest level" in plan.out
    assert run(*onward, "--start", "s").code == 0
    first, then = (load_file(tmp_path / name / "student.safetensors") for name in "st")
    assert first.keys() == then.keys() and any(not torch.equal(first[name], then[name]) for name in first)


def test_a_teacher_is_trained_on(run, data: str, tmp_path: Path) -> None:
    assert run("train", "teacher", "--config", "teacher.toml", "--data", data, "--out", "s").code == 0
    further = ("train", "teacher", "--config", "further.toml", "--data", data, "--out", "t")
    for given, said in (((), "give the trained teacher to go on with"), (("--start", "mini"), "has channels 64")):
        for dry in ((), ("--dry-run",)):
            refused = run(*further, *given, *dry)
            assert refused.code == 2 and said in refused.err and not (tmp_path / "t" / "teacher.json").exists()
    plan = run(*further, "--start", "s", "--dry-run")
    assert plan.code == 0 and "start: teacher" in plan.out
    assert run(*further, "--start", "s").code == 0
    first, then = (load_file(tmp_path / name / "teacher.safetensors") for name in "st")
    assert first.keys() == then.keys() and any(not torch.equal(first[name], then[name]) for name in first)


def test_a_student_follows_what_its_teacher_has_gone(run, data: str, tiny_folder: Path, tmp_path: Path) -> None:
    recording = ("train", "trajectories", "--config", "recording.toml", "--data", data, "--teacher", tiny_folder)
    plan = run(*recording, "--out", "gone", "--dry-run")
    assert plan.code == 0 and "4 guided Heun steps" in plan.out and "3 of 5 are kept" in plan.out
    assert not (tmp_path / "gone").exists()
    follow = ("train", "follow", "--config", "follow.toml", "--data", data, "--trajectories", "gone", "--out", "s")
    refused = run(*follow, "--start", tiny_folder)
    assert refused.code == 2 and "gone holds no recorded trajectories" in refused.err
    assert run(*recording, "--out", "gone", "--minutes", 0).code == 0
    assert "holds no recorded trajectories" in run(*follow, "--start", tiny_folder).err, "they are not finished"
    finished = run(*recording, "--out", "gone", "--resume")
    assert finished.code == 0 and "finished" in finished.err
    again = run(*recording, "--out", "gone")
    assert again.code == 2 and "--resume" in again.err, "and what is there stays finished"
    plan = run(*follow, "--start", tiny_folder, "--dry-run")
    assert plan.code == 0 and "12 at 3 levels" in plan.out and "40% from the highest level" in plan.out
    assert run(*follow, "--start", tiny_folder).code == 0
    made = run("train", "assemble", "--base", tiny_folder, "--student", "s", "--out", "mine")
    assert made.code == 0, made.err
    assert run("generate", "rain", "--takes", 1, "--model", "mine").code == 0


def test_a_gan_loss_is_trained_through_the_models_decoder(run, data: str, tiny_folder: Path) -> None:
    student = ("train", "student", "--config", "gan.toml", "--data", data, "--teacher", tiny_folder, "--out", "s")
    refused = run(*student)
    assert refused.code == 2 and "--listen" in refused.err
    assert run(*student, "--listen", tiny_folder).code == 0


def test_a_run_with_a_limit_goes_on(run, data: str) -> None:
    teacher = ("train", "teacher", "--config", "teacher.toml", "--data", data, "--out", "t")
    stopped = run(*teacher, "--minutes", 0)
    assert stopped.code == 0 and "--resume" in stopped.err
    refused = run(*teacher)
    assert refused.code == 2 and "--resume" in refused.err
    assert "finished" in run(*teacher, "--resume").err
    typo = run(*teacher[:-1], "typo", "--resume")
    assert typo.code == 2 and "no checkpoint in typo" in typo.err


def test_a_spectral_autoencoder_is_trained_and_goes_on_against_discriminators(run, data: str, tmp_path: Path) -> None:
    first = ("train", "autoencoder", "--config", "spectral.toml", "--data", data, "--out", "a")
    plan = run(*first, "--dry-run")
    assert plan.code == 0 and "fitted on 20 crops" in plan.out and "spectral energy distance" in plan.out
    assert not (tmp_path / "a").exists()
    finished = run(*first)
    assert finished.code == 0 and "finished" in finished.err
    then = ("train", "autoencoder", "--config", "adversary.toml", "--data", data, "--out", "b", "--start", "a")
    plan = run(*then, "--dry-run")
    assert plan.code == 0 and "that of a" in plan.out and "discriminators" in plan.out and "kl" in plan.out
    assert run(*then).code == 0
    a, b = (load_file(tmp_path / name / "autoencoder.safetensors") for name in "ab")
    changed = {name for name in a if not torch.equal(a[name], b[name])}
    assert changed and not changed & {"band_mean", "basis", "normalizer.mean", "normalizer.std"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("teacher", "--config", "huge", "--data", "prepared", "--out", "t"), "no configuration huge"),
        (("teacher", "--config", "student.toml", "--data", "prepared", "--out", "t"), "kind is wrong"),
        (("teacher", "--config", "teacher.toml", "--data", "in", "--out", "t"), "not a complete prepared folder"),
        (("student", "--config", "student.toml", "--data", "prepared", "--teacher", "none", "--out", "s"),
         "unknown model"),
        (("student", "--config", "onward.toml", "--data", "prepared", "--teacher", "mini", "--start", "in", "--out",
          "s"), "holds neither a trained student nor a model"),
        (("autoencoder", "--config", "student.toml", "--data", "prepared", "--out", "a"), "kind is wrong"),
        (("autoencoder", "--config", "smoke/autoencoder", "--data", "prepared", "--out", "a", "--start", "in"),
         'needs a configuration with kind = "spectral"'),
        (("autoencoder", "--config", "spectral.toml", "--data", "prepared", "--out", "a", "--start", "in"),
         "holds no trained spectral autoencoder"),
        (("trajectories", "--config", "smoke/trajectories", "--data", "prepared", "--teacher", "in", "--out", "g"),
         "holds neither a trained teacher nor a model"),
        (("trajectories", "--config", "smoke/trajectories", "--data", "prepared", "--teacher", "mini", "--out", "g"),
         "prepare the data for this teacher"),
        (("trajectories", "--config", "smoke/follow", "--data", "prepared", "--teacher", "mini", "--out", "g"),
         "kind is wrong"),
        (("follow", "--config", "smoke/follow", "--data", "prepared", "--trajectories", "in", "--start", "mini",
          "--out", "s"), "in holds no recorded trajectories"),
        (("assemble", "--out", "m"), "nothing to assemble"),
        (("assemble", "--student", "in", "--out", "m"), "holds no trained student"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(run, data: str, arguments: tuple[str, ...], said: str) -> None:
    result = run("train", *arguments)
    assert result.code == 2 and said in result.err and len(result.err.strip().splitlines()) == 1
