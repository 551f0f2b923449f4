"""The jumps of a trajectory, prepared together, are the jumps one by one."""

from typing import Any

import pytest
import torch

from soundctm.backbones.text import TextMemory
from soundctm.trajectory.guidance import nu_jump
from soundctm.trajectory.leap import StagedLeap, leap_of
from tests.oracles.gaussian import GaussianStudent, text
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

LEVELS = [(80.0, 9.7), (9.7, 1.2), (1.2, 0.002)]


@pytest.mark.parametrize("form", [{}, MINI, {**MINI, "place_features": 8}])
@pytest.mark.parametrize("nu", [1.0, 2.5, 0.0])
@pytest.mark.parametrize("tokens", [1, 4])
def test_a_leap_is_the_jump(form: dict[str, Any], nu: float, tokens: int) -> None:
    student, omega = tiny_dit("student", **form), torch.tensor([1.0, 4.0])
    prompt, null = random_text(2, tokens, real=[tokens, 1]), random_text(2, 1, seed=9)
    leap = StagedLeap(student, prompt, null, omega, nu, LEVELS)
    for i, (t, s) in enumerate(LEVELS):
        z = t * random_latents(2, 8, seed=i)
        there = nu_jump(student, z, t, s, omega, prompt, null, nu)
        assert torch.allclose(leap(z, i), there, rtol=1e-4, atol=1e-5)


def test_at_nu_one_the_network_sees_the_text_alone() -> None:
    student = tiny_dit("student")
    for nu, rows in ((1.0, 2), (1.5, 4)):
        leap = StagedLeap(student, random_text(2, 3), random_text(2, 3, seed=9), torch.ones(2), nu, LEVELS)
        assert len(leap.rows(random_latents(2, 8), 0).x) == rows


def test_text_and_levels_are_embedded_once_for_all_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    student, calls = tiny_dit("student"), []
    for name in ("to_cond_embed", "to_timestep_embed"):
        getattr(student, name).register_forward_hook(lambda *_, name=name: calls.append(name))
    leap = leap_of(student, random_text(1, 3), random_text(1, 1), torch.ones(1), 1.0, LEVELS)
    for i in range(3):
        leap(random_latents(1, 8), i)
    assert sorted(calls) == ["to_cond_embed", "to_timestep_embed", "to_timestep_embed"]  # of t and of s


@pytest.mark.parametrize("form", [{}, MINI, {**MINI, "place_features": 8}])
@pytest.mark.parametrize("frames", [7, 8, 33])
def test_a_row_is_the_same_whoever_shares_its_batch(form: dict[str, Any], frames: int) -> None:
    """Other texts, other levels, other guidance beside it. Whether the last bit stays too is a matter of the machine's
    kernels, which :class:`soundctm.lanes.Batcher` looks up."""
    student = tiny_dit("student", **form)
    asked = []
    for i in range(5):
        leap = StagedLeap(
            student, random_text(1, 2 + i, seed=i), random_text(1, 1), torch.tensor([1.0 + i]), 1.0, LEVELS
        )
        asked.append(leap.rows(80 * random_latents(1, frames, seed=i), i % 3))
    together = student.core(
        torch.cat([rows.x for rows in asked]), torch.cat([rows.level for rows in asked]),
        TextMemory.cat([rows.memory for rows in asked]),
    )  # fmt: skip
    for rows, answer in zip(asked, together, strict=True):
        assert torch.allclose(student.core(*rows)[0], answer, atol=1e-5)


def test_any_student_will_do() -> None:
    student, z = GaussianStudent(), torch.ones(1, 1, 4, dtype=torch.float64)
    leap = leap_of(student, text(0.3), text(0.0), torch.ones(1, dtype=torch.float64), 1.0, LEVELS)
    assert torch.equal(leap(z, 1), nu_jump(student, z, 9.7, 1.2, 1.0, text(0.3), text(0.0), 1.0))
