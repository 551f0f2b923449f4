"""Configurations: shipped ones are read, wrong ones are named."""

from pathlib import Path

import pytest

from soundctm.errors import UserError
from soundctm.training.autoencoder_config import AutoencoderTraining
from soundctm.training.config import StudentTraining, TeacherTraining, read_config, shipped_configs
from soundctm.training.memory import parameters

KINDS = {"teacher": TeacherTraining, "student": StudentTraining, "autoencoder": AutoencoderTraining}


@pytest.mark.parametrize("name", shipped_configs())
def test_every_shipped_configuration_is_read(name: str) -> None:
    kind = KINDS[name.rpartition("/")[2]]
    config = read_config(name, kind)  # type: ignore[type-var]
    assert config.kind == name.rpartition("/")[2]  # type: ignore[attr-defined]


def test_the_papers_numbers() -> None:
    teacher = read_config("paper-44k-dit-1b/teacher", TeacherTraining)
    student = read_config("paper-44k-dit-1b/student", StudentTraining)
    autoencoder = read_config("paper-44k-dit-1b/autoencoder", AutoencoderTraining)
    assert 1.0e9 < parameters(teacher.backbone) < 1.25e9
    assert (teacher.noise.mean, teacher.noise.std) == (-1.2, 1.2)
    assert (student.optimizer.name, student.optimizer.learning_rate, student.steps) == ("radam", 8e-5, 10_000)
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
