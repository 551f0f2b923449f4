"""Rows of takes that share a batch are the rows alone, to the last bit on a CPU."""

import threading
from pathlib import Path

import pytest
import torch

from soundctm import SoundCTM
from soundctm.computation import Computation
from soundctm.engines import EngineOptions
from soundctm.lanes import Batcher
from soundctm.trajectory.leap import Rows, StagedLeap
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit


class Rounding:
    """A network whose answer depends on the size of the batch."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, x: torch.Tensor, level: torch.Tensor, text: object) -> torch.Tensor:
        self.sizes.append(len(x))
        return x * (1 + 1e-7 * len(x))


@pytest.fixture
def asked() -> list[Rows]:
    """One row of each of three takes."""
    text, null = random_text(1, 3), random_text(1, 1)
    leap = StagedLeap(tiny_dit("student", **MINI), text, null, torch.ones(1), 1.0, [(80.0, 0.002)])
    return [leap.rows(random_latents(1, 8, seed=i), 0) for i in range(3)]


def test_rows_that_would_differ_are_not_put_together(asked: list[Rows]) -> None:
    core = Rounding()
    batcher = Batcher()
    for _ in range(2):
        answers = batcher.answer(core, ("one kind",), asked)
        assert all(torch.equal(answer, rows.x * (1 + 1e-7)) for answer, rows in zip(answers, asked, strict=True))
    assert core.sizes == [1, 1, 1, 3, 1, 1, 1] and list(batcher.exact.values()) == [False]


def test_on_a_gpu_takes_share_batches_though_they_round(asked: list[Rows], tiny_folder: Path) -> None:
    """Nothing is asked for twice there, and nothing compared, whatever a network makes of the size of a batch."""
    core = Rounding()
    for device in ("cuda", "mps"):
        answers = Batcher.of(torch.device(device)).answer(core, ("one kind",), asked)
        assert all(torch.equal(answer, rows.x * (1 + 3e-7)) for answer, rows in zip(answers, asked, strict=True))
    assert core.sizes == [3, 3]
    parts = SoundCTM.from_pretrained(tiny_folder).computation.parts
    for device, rounds in (("cpu", False), ("meta", True)):  # one that is no CPU, and for which everything is built
        computation = Computation(parts, torch.device(device), EngineOptions("eager"), 4)
        assert computation.batcher.rounds is rounds


def test_a_verdict_of_another_thread_is_not_taken_for_ones_own(asked: list[Rows]) -> None:
    """One thread finds out that a batch is not exact while another computes it: no batch is ever used."""
    batcher, met = Batcher(), threading.Barrier(2)

    def core(x: torch.Tensor, level: torch.Tensor, text: object) -> torch.Tensor:
        if len(x) > 1:
            met.wait(10)
        return x * len(x)

    answers: list[list[torch.Tensor]] = []
    threads = [threading.Thread(target=lambda: answers.append(batcher.answer(core, ("one",), asked))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2
    for each in answers:
        assert all(torch.equal(answer, rows.x) for answer, rows in zip(each, asked, strict=True))
