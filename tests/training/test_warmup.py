"""The warm-up of the learning rate: a setting of its own, also for checkpoints from before it was one."""

import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from soundctm.errors import UserError
from soundctm.training.config import OptimizerConfig, StudentTraining, TeacherTraining
from soundctm.training.loop import Schedule, scheduled_rate
from soundctm.training.runner import RunOptions, run
from soundctm.training.spectral import SpectralTask
from soundctm.training.spectral_config import SpectralTraining
from soundctm.training.spectral_start import fitted
from soundctm.training.teacher import TeacherTask
from soundctm.training.world import World
from tests.oracles.autoencoder import TINY_ADVERSARY, Sines, tiny_spectral
from tests.oracles.latents import GaussianLatents, tiny_backbone

RATE = 1e-2


def teacher(steps: int = 6, **changes: Any) -> TeacherTask:
    settings = {"steps": steps, "batch": 4, "precision": "fp32", "backbone": tiny_backbone(), **changes}
    optimizer = OptimizerConfig(name="adamw", learning_rate=RATE)
    config = TeacherTraining.model_validate({**settings, "optimizer": optimizer})
    return TeacherTask(config, GaussianLatents(), World())


def stepped_at(task: TeacherTask) -> float:
    return float(task.trainee.optimizers.members[0].param_groups[0]["lr"])


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_the_rate_rises_evenly_over_the_warm_up_and_is_whole_without_one(schedule: Schedule) -> None:
    for warmup in (0.02, 0.3):
        rates = [scheduled_rate(schedule, share * warmup, warmup) for share in (0.25, 0.5, 0.75, 1.0)]
        assert rates == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert scheduled_rate(schedule, 0.0, 0.0) == 1.0
    assert scheduled_rate(schedule, 1.0, 0.3) == pytest.approx(1.0 if schedule == "constant" else 0.02)


def test_the_default_is_what_was_done_before_there_was_a_key() -> None:
    for kind in (TeacherTraining, StudentTraining, SpectralTraining):
        assert kind.model_fields["warmup"].default == 0.02


@pytest.mark.parametrize(("warmup", "progress", "factor"), [(0.0, 0.0, 1.0), (0.4, 0.1, 0.25), (0.4, 0.6, 1.0)])
def test_a_training_steps_at_its_warm_up(warmup: float, progress: float, factor: float) -> None:
    task = teacher(warmup=warmup, schedule="constant")
    task.step(0, progress)
    assert stepped_at(task) == pytest.approx(factor * RATE)


def test_a_decoder_warms_up_after_the_lead_of_its_discriminators(tmp_path: Path) -> None:
    """A lead of a quarter: half of the budget is a third of the decoder's."""
    config, source = tiny_spectral(adversary=TINY_ADVERSARY, warmup=0.8, schedule="constant", fit_clips=8), Sines()
    task = SpectralTask(config, fitted(config, source, tmp_path, None, World()), source, World())
    task.step(0, 0.5)
    assert task.critics is not None
    for trainee, factor in ((task.critics.trainee, 0.5 / 0.8), (task.decoder, (1 / 3) / 0.8)):
        rate = trainee.optimizers.members[0].param_groups[0]["lr"]
        assert rate == pytest.approx(factor * trainee.config.learning_rate)


@pytest.mark.parametrize("wrong", [-0.1, 1.0])
def test_a_warm_up_is_a_share_of_the_budget(wrong: float) -> None:
    with pytest.raises(ValueError, match="warmup"):
        teacher(warmup=wrong)


def begun(out: Path, sharded: bool, **changes: Any) -> None:
    """A training of 6 steps that is stopped after 3, in a folder."""
    task = teacher(**changes)
    whole = task.step

    def step(index: int, progress: float) -> dict[str, float]:
        if index == 2:
            signal.raise_signal(signal.SIGTERM)
        return whole(index, progress)

    task.step = step  # type: ignore[method-assign]
    assert run(task, "teacher", RunOptions(out, sharded=sharded)) is False


def forget(out: Path, *keys: str) -> None:
    """Make the checkpoint in a folder one from before these settings existed."""
    path = next(each for each in (out / "checkpoint.pt", out / "checkpoint" / "about.pt") if each.exists())
    state = torch.load(path, weights_only=True)
    for key in keys:
        del state["settings"][key]
    torch.save(state, path)


@pytest.mark.parametrize("sharded", [False, True])
def test_an_older_checkpoint_goes_on_with_the_defaults_alone(sharded: bool, tmp_path: Path) -> None:
    begun(tmp_path / "old", sharded)
    forget(tmp_path / "old", "warmup", "schedule")
    options = RunOptions(tmp_path / "old", resume=True, sharded=sharded)
    with pytest.raises(UserError, match="another warmup; resume with the same settings"):
        run(teacher(warmup=0.1), "teacher", options)
    with pytest.raises(UserError, match="another schedule"):
        run(teacher(schedule="constant"), "teacher", options)
    assert run(teacher(), "teacher", options)
    assert run(teacher(), "teacher", RunOptions(tmp_path / "whole"))
    ours, theirs = (load_file(tmp_path / name / "teacher.safetensors") for name in ("old", "whole"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_checkpoint_of_another_warm_up_is_another_training(tmp_path: Path) -> None:
    begun(tmp_path, False, warmup=0.1)
    with pytest.raises(UserError, match="another warmup"):
        run(teacher(), "teacher", RunOptions(tmp_path, resume=True))
    assert run(teacher(warmup=0.1), "teacher", RunOptions(tmp_path, resume=True))


def test_a_setting_that_never_had_a_default_must_be_in_the_checkpoint(tmp_path: Path) -> None:
    begun(tmp_path, False)
    forget(tmp_path, "batch")
    with pytest.raises(UserError, match="another batch"):
        run(teacher(), "teacher", RunOptions(tmp_path, resume=True))
