"""Training that goes on with a backbone which was trained before."""

import pytest
import torch

from soundctm.backbones.dit import DiT
from soundctm.errors import UserError
from soundctm.training.config import OptimizerConfig, TeacherTraining
from soundctm.training.teacher import TeacherTask
from soundctm.training.world import World
from tests.oracles.latents import GaussianLatents, tiny_backbone


def going_on(first: DiT | None, start: str = "teacher") -> TeacherTask:
    config = TeacherTraining(
        steps=2, batch=4, optimizer=OptimizerConfig(name="adamw", learning_rate=1e-2), backbone=tiny_backbone(),
        start=start,  # type: ignore[arg-type]
    )  # fmt: skip
    return TeacherTask(config, GaussianLatents(), World(), first=first)


def other(seed: int) -> DiT:
    """A teacher with weights of its own, none of them zero."""
    torch.manual_seed(seed)
    teacher = DiT(tiny_backbone())
    for weights in teacher.parameters():
        weights.data += 0.1 * torch.randn_like(weights)
    return teacher


def test_a_teacher_goes_on_with_another() -> None:
    first = other(0)
    task = going_on(first)
    averages = [average.module for average in task.trainee.averages.values()]
    for module in (task.trainee.module, *averages):
        assert all(torch.equal(a, b) for a, b in zip(module.parameters(), first.parameters(), strict=True))
    task.step(0, 0.5)
    assert not torch.equal(task.trainee.module.project_out.weight, first.project_out.weight)
    assert going_on(other(1)).identity["first"] != task.identity["first"], "no resuming with another teacher"


def test_a_teacher_to_go_on_with_is_asked_for_given_and_fits() -> None:
    narrow = DiT(tiny_backbone().model_copy(update={"depth": 1}))
    for start, given, message in (
        ("teacher", None, "give the trained teacher to go on with"),
        ("scratch", other(0), 'needs start = "teacher"; the configuration has "scratch"'),
        ("teacher", narrow, "the teacher to go on with has depth 1"),
    ):
        with pytest.raises(UserError, match=message):
            going_on(given, start)
