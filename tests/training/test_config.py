"""Configurations: shipped ones are read, wrong ones are named."""

from pathlib import Path

import pytest

from soundctm.backbones import parameters
from soundctm.errors import UserError
from soundctm.training.autoencoder_config import AutoencoderTraining, read_autoencoder_config
from soundctm.training.config import (
    FollowTraining,
    Recording,
    StudentTraining,
    TeacherTraining,
    read_config,
    shipped_configs,
)
from soundctm.training.spectral_config import Adversary, SpectralTraining

READERS = {
    "teacher": lambda name: read_config(name, TeacherTraining),
    "student": lambda name: read_config(name, StudentTraining),
    "trajectories": lambda name: read_config(name, Recording),
    "follow": lambda name: read_config(name, FollowTraining),
    "autoencoder": read_autoencoder_config,
}


@pytest.mark.parametrize("name", shipped_configs())
def test_every_shipped_configuration_is_read(name: str) -> None:
    preset, _, part = name.partition("/")
    part = part.partition("-")[0]  # autoencoder-gan is an autoencoder
    kind = "spectral" if (preset, part) == ("mini", "autoencoder") else part
    assert READERS[part](name).kind == kind


def test_the_embedded_autoencoders_numbers() -> None:
    """Those of the shipped decoder, on spectral distances and then against discriminators."""
    first, then = (read_config(f"mini/{name}", SpectralTraining) for name in ("autoencoder", "autoencoder-gan"))
    assert first == SpectralTraining(minutes=25)
    assert then.adversary == Adversary()
    assert (then.batch, then.crop_frames, then.ema) == (8, 20, 0.995)
    assert (then.optimizer.learning_rate, then.optimizer.clip, then.optimizer.weight_decay) == (2e-4, 10.0, 0.0)
    assert first.autoencoder == then.autoencoder and first.length == 44 * 1024 and first.fit_length == 215 * 1024


def test_autoencoders_are_told_apart_by_their_kind(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('kind = "teacher"')
    with pytest.raises(UserError, match="kind is wrong: Input should be 'autoencoder' or 'spectral'"):
        read_autoencoder_config(str(path))
    path.write_text('kind = "spectral"\nsteps = 3\nrate_decay = 1.0')
    with pytest.raises(UserError, match="rate_decay is not a known key"):
        read_autoencoder_config(str(path))
    path.write_text('kind = "spectral"')
    with pytest.raises(UserError, match="either steps or minutes"):
        read_autoencoder_config(str(path))
    path.write_text("steps = 3")
    assert read_autoencoder_config(str(path)) == AutoencoderTraining(steps=3)


def test_the_papers_numbers() -> None:
    teacher = read_config("paper-44k-dit-1b/teacher", TeacherTraining)
    student = read_config("paper-44k-dit-1b/student", StudentTraining)
    autoencoder = read_config("paper-44k-dit-1b/autoencoder", AutoencoderTraining)
    assert 1.0e9 < parameters(teacher.backbone) < 1.25e9
    assert (teacher.noise.mean, teacher.noise.std) == (-1.2, 1.2)
    assert (student.optimizer.name, student.optimizer.learning_rate, student.steps) == ("radam", 8e-5, 10_000)
    assert (student.schedule, student.warmup, student.dsm_weight, student.to_end) == ("constant", 0.0, 1.0, 0.0)
    assert (student.grid_points, student.max_solver_steps, student.mu, student.batch) == (40, 39, 0.96, 192)
    assert (student.omega_min, student.omega_max, student.distance, student.dsm) == (2.0, 5.0, "teacher", True)
    assert tuple(dict(autoencoder.weights).values()) == (15.0, 2.0, 1.0, 1e-5)
    assert autoencoder.autoencoder.encoder_rates == (4, 4, 8, 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind = 'teacher'\nspeed = 3", "speed is not a known key"),
        ("kind = 'student'", "kind is wrong"),
        ("steps = 5\nminutes = 2\nbatch = 4\n[optimizer]\nname='adamw'\nlearning_rate=1e-3\n[backbone]\nrole='teacher'",
         "either steps or minutes"),
        ("steps = 5\nbatch = 4\n[optimizer]\nname='sgd'\nlearning_rate=1e-3\n[backbone]\nrole='teacher'",
         "optimizer.name is wrong"),
        ("steps = ", "is not TOML"),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_config(str(path), TeacherTraining)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UserError, match="smoke/teacher"):
        read_config("huge/teacher", TeacherTraining)
