"""Training that goes on with a backbone which was trained before."""

from collections.abc import Callable

import pytest
import torch

from soundctm.backbones.dit import DiT
from soundctm.errors import UserError
from soundctm.training.config import OptimizerConfig, StudentTraining, TeacherTraining
from soundctm.training.student import StudentTask
from soundctm.training.teacher import TeacherTask
from soundctm.training.world import World
from tests.oracles.latents import GaussianLatents, tiny_backbone

OPTIMIZER = OptimizerConfig(name="adamw", learning_rate=1e-2)


def teaching(first: DiT | None, start: str = "teacher") -> TeacherTask:
    """A tiny training of a teacher that goes on with another."""
    settings = {"steps": 2, "batch": 4, "optimizer": OPTIMIZER, "backbone": tiny_backbone(), "start": start}
    return TeacherTask(TeacherTraining.model_validate(settings), GaussianLatents(), World(), first=first)


def distilling(first: DiT | None) -> StudentTask:
    """A tiny distillation that goes on with a student."""
    settings = {"steps": 2, "batch": 4, "optimizer": OPTIMIZER, "max_solver_steps": 3, "start": "student"}
    config = StudentTraining.model_validate(settings)
    return StudentTask(config, DiT(tiny_backbone()), GaussianLatents(), World(), first=first)


def other(seed: int, role: str = "teacher") -> DiT:
    """A backbone with weights of its own, none of them zero."""
    torch.manual_seed(seed)
    backbone = DiT(tiny_backbone() if role == "teacher" else tiny_backbone().student())
    for weights in backbone.parameters():
        weights.data += 0.1 * torch.randn_like(weights)
    return backbone


@pytest.mark.parametrize(("role", "going_on"), [("teacher", teaching), ("student", distilling)])
def test_training_goes_on_with_another(role: str, going_on: Callable[[DiT], TeacherTask | StudentTask]) -> None:
    first = other(0, role)
    task = going_on(first)
    averages = [average.module for average in task.trainee.averages.values()]
    for module in (task.trainee.module, *averages):
        assert all(torch.equal(a, b) for a, b in zip(module.parameters(), first.parameters(), strict=True))
    task.step(0, 0.5)
    assert not torch.equal(task.trainee.module.project_out.weight, first.project_out.weight)
    assert going_on(other(1, role)).identity["first"] != task.identity["first"], "no resuming with another one"


def test_a_teacher_to_go_on_with_is_asked_for_given_and_fits() -> None:
    narrow = DiT(tiny_backbone().model_copy(update={"depth": 1}))
    for start, given, message in (
        ("teacher", None, "give the trained teacher to go on with"),
        ("scratch", other(0), 'needs start = "teacher"; the configuration has "scratch"'),
        ("teacher", narrow, "the teacher to go on with has depth 1"),
    ):
        with pytest.raises(UserError, match=message):
            teaching(given, start)
