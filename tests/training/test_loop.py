"""One loop: it goes on where it stopped bit for bit, whatever stopped it, and never hides a loss that is no number."""

import json
import math
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from soundctm.errors import UserError
from soundctm.training.loop import Loop, NonFiniteLoss, cosine_rate


def run_loop(out: Path, stop_after: int) -> list[float]:
    """Losses of so many steps of a small regression whose batches come from the global random state."""
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    losses: list[float] = []
    loop = Loop({"model": model, "optimizer": optimizer}, out, minutes=10)

    def step(index: int, progress: float) -> dict[str, float]:
        loss = (model(torch.randn(8, 4)) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if len(losses) == stop_after:
            signal.raise_signal(signal.SIGTERM)
        return {"loss": loss.item()}

    assert loop.run(step) is False
    return losses


def logged(out: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "elapsed"} for line in lines]


def test_an_interrupted_loop_goes_on_bit_for_bit(tmp_path: Path) -> None:
    head, tail = run_loop(tmp_path / "a", 5), run_loop(tmp_path / "a", 5)
    assert head + tail == run_loop(tmp_path / "b", 10)
    assert not list(tmp_path.rglob("*.partial"))


def test_figures_after_the_last_checkpoint_come_again_once(tmp_path: Path) -> None:
    loop = Loop({}, tmp_path, steps=4, reporters=())
    loop.run(lambda index, progress: {"loss": float(index)}, log_every=1)
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"step": 5, "elapsed": 1.0, "loss": 9.0}\n{"step": 6, "ela')
    Loop({}, tmp_path, steps=6, reporters=()).run(lambda index, progress: {"loss": float(index)}, log_every=1)
    assert [line["loss"] for line in logged(tmp_path)] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_run_that_was_killed_before_its_first_checkpoint_logs_its_steps_once(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "elapsed": 1.0, "loss": 9.0}\n{"step": 2, "ela')
    Loop({}, tmp_path, steps=2, resume=False, reporters=()).run(lambda index, progress: {"loss": 0.0}, log_every=1)
    assert [line["step"] for line in logged(tmp_path)] == [1, 2] and logged(tmp_path)[0]["loss"] == 0.0


def test_a_time_limit_leaves_a_clean_checkpoint(tmp_path: Path) -> None:
    loop = Loop({}, tmp_path, steps=10_000, limit_minutes=0.001, reporters=())
    assert loop.run(lambda index, progress: time.sleep(0.01) or {"loss": 1.0}) is False  # type: ignore[func-returns-value]
    assert 0 < loop.step < 100
    assert Loop({}, tmp_path, steps=10_000).step == loop.step


def test_a_loop_begins_anew_only_where_nothing_is(tmp_path: Path) -> None:
    Loop({}, tmp_path, steps=1, reporters=(), settings={"batch": 2}).run(lambda index, progress: {"loss": 1.0})
    with pytest.raises(UserError, match="--resume"):
        Loop({}, tmp_path, steps=1, resume=False)
    with pytest.raises(UserError, match="another batch"):
        Loop({}, tmp_path, steps=1, settings={"batch": 3})
    with pytest.raises(UserError, match="another kind"):
        Loop({"model": nn.Linear(1, 1)}, tmp_path, steps=1, settings={"batch": 2})
    with pytest.raises(UserError, match="leave --sharded out"):
        Loop({}, tmp_path, steps=1, sharded=True, settings={"batch": 2})
    with pytest.raises(UserError, match="no checkpoint in"):
        Loop({}, tmp_path / "typo", steps=1, resume=True)


def test_other_sizes_are_said_in_one_line(tmp_path: Path) -> None:
    Loop({"model": nn.Linear(2, 2)}, tmp_path, steps=1, reporters=()).run(lambda index, progress: {"loss": 1.0})
    with pytest.raises(UserError, match="does not fit this training"):
        Loop({"model": nn.Linear(3, 2)}, tmp_path, steps=1)


@pytest.mark.parametrize("sharded", [False, True])
def test_an_unfinished_log_window_goes_on(sharded: bool, tmp_path: Path) -> None:
    def run(out: Path, stop_at: int | None) -> None:
        def step(index: int, progress: float) -> dict[str, float]:
            if index == stop_at:
                signal.raise_signal(signal.SIGTERM)
            return {"loss": float(index), **({"late": 1.0} if index >= 4 else {})}

        Loop({"model": nn.Linear(1, 1)}, out, steps=8, reporters=(), sharded=sharded).run(step, log_every=6)

    run(tmp_path / "a", 2)
    run(tmp_path / "a", None)
    run(tmp_path / "b", None)
    assert logged(tmp_path / "a") == logged(tmp_path / "b")
    assert [line["loss"] for line in logged(tmp_path / "b")] == [2.5, 6.5], "the last, short window is logged too"
    assert [line["late"] for line in logged(tmp_path / "b")] == [1.0, 1.0], "a mean is over the steps that have it"


def test_a_crash_between_two_folders_loses_nothing(tmp_path: Path) -> None:
    loop = Loop({"model": nn.Linear(1, 1)}, tmp_path, steps=2, reporters=(), sharded=True)
    loop.run(lambda index, progress: {"loss": 1.0})
    (tmp_path / "checkpoint").rename(tmp_path / "checkpoint.previous")
    again = Loop({"model": nn.Linear(1, 1)}, tmp_path, steps=2, resume=True, sharded=True)
    assert again.step == 2
    again.save()
    assert (tmp_path / "checkpoint").is_dir() and not (tmp_path / "checkpoint.previous").exists()


def test_a_damaged_checkpoint_is_said(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"PK not a checkpoint")
    with pytest.raises(UserError, match="cannot be read"):
        Loop({}, tmp_path, steps=1)


def test_a_non_finite_loss_stops_with_a_report(tmp_path: Path) -> None:
    loop = Loop({}, tmp_path, steps=5, reporters=(), inspect=lambda index: {"captions": [f"clip {index}"]})
    with pytest.raises(NonFiniteLoss, match="step 2 gave loss nan"):
        loop.run(lambda index, progress: {"loss": math.nan if index == 2 else 1.0})
    report = json.loads((tmp_path / "non_finite.json").read_text())
    assert report == {"step": 2, "figures": {"loss": "nan"}, "batch": {"captions": ["clip 2"]}}


def test_learning_rate_rises_then_falls() -> None:
    values = [cosine_rate(p) for p in np.linspace(0, 1, 101)]
    assert values[0] < 0.1 and max(values) > 0.99 and math.isclose(values[-1], 0.02, abs_tol=1e-6)
    assert int(np.argmax(values)) <= 3
