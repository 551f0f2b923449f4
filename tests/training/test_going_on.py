"""A student that goes on with a trained one, and the shares of its jumps: resuming is exact, and nothing of it may
change on the way."""

import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from soundctm.backbones import DiT
from soundctm.errors import UserError
from soundctm.training.config import StudentTraining
from soundctm.training.runner import RunOptions, train_student
from soundctm.training.student import StudentTask
from soundctm.training.world import World
from tests.oracles.latents import GaussianLatents, tiny_backbone

STEPS, STOP = 6, 3
SHARES = {"from_top": 0.3, "to_end": 0.4}
RUN = {
    "steps": STEPS, "batch": 4, "precision": "fp32", "max_solver_steps": 3, "start": "student", **SHARES,
    "optimizer": {"name": "muon", "learning_rate": 1e-2},
}  # fmt: skip


def network(role: str, seed: int) -> DiT:
    """Random weights everywhere."""
    torch.manual_seed(seed)
    made = DiT(tiny_backbone(role))
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return made


def train(out: Path, resume: bool, first: DiT | None = None, **changes: object) -> bool:
    config = StudentTraining.model_validate(RUN | changes)
    first = network("student", 1) if first is None and config.start == "student" else first
    options = RunOptions(out, resume=resume, log_every=1)
    return train_student(config, network("teacher", 0), GaussianLatents(), options, World(), first=first)


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A training that SIGTERM ended in its middle."""
    step = StudentTask.step

    def stopping(task: StudentTask, index: int, progress: float) -> dict[str, float]:
        if index + 1 == STOP:
            signal.raise_signal(signal.SIGTERM)
        return step(task, index, progress)

    with monkeypatch.context() as patch:
        patch.setattr(StudentTask, "step", stopping)
        assert train(tmp_path / "stopped", resume=False) is False
    return tmp_path / "stopped"


def test_it_resumes_bit_for_bit(stopped: Path, tmp_path: Path) -> None:
    assert train(stopped, resume=True) is True
    assert train(tmp_path / "whole", resume=False) is True
    resumed, whole = (load_file(out / "student.safetensors") for out in (stopped, tmp_path / "whole"))
    assert whole.keys() == resumed.keys() and all(torch.equal(whole[name], resumed[name]) for name in whole)


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"from_top": 0.5}, "from_top"), ({"to_end": 0.0}, "to_end"), ({"start": "teacher"}, "first, start")],
)
def test_another_share_or_start_is_another_training(changes: dict[str, object], named: str, stopped: Path) -> None:
    with pytest.raises(UserError, match=f"was made with another {named}"):
        train(stopped, resume=True, **changes)


def test_another_student_to_go_on_with_is_another_training(stopped: Path) -> None:
    with pytest.raises(UserError, match="was made with another first"):
        train(stopped, resume=True, first=network("student", 2))


@pytest.mark.parametrize("changed", [False, True])
def test_a_checkpoint_from_before_the_shares_goes_on_without_them(changed: bool, tmp_path: Path) -> None:
    none = dict.fromkeys(SHARES, 0.0)
    assert train(tmp_path, resume=False, start="teacher", steps=STOP, **none) is True
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    for name in SHARES:
        del state["settings"][name]
    torch.save(state, tmp_path / "checkpoint.pt")
    if not changed:
        assert train(tmp_path, resume=True, start="teacher", **none) is True
        return
    with pytest.raises(UserError, match="was made with another from_top, to_end"):
        train(tmp_path, resume=True, start="teacher")
