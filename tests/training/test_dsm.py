"""The DSM loss against closed forms.

With data of variance ``v^2`` and the exact denoiser, ``z_0 - D`` is Gaussian of variance ``v^2 sigma^2 / (v^2 +
sigma^2)``. Weighted, its square has the mean ``v^2 (sigma^2 + sd^2) / (sd^2 (v^2 + sigma^2))``: 1 at every level where
``v = sd``. A mean over n elements has the standard error ``mean sqrt(2 / n)``.
"""

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from soundctm.backbones import DiT
from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import SIGMA_DATA, c_out, c_skip, column, precondition
from soundctm.training.config import NoiseLevels, OptimizerConfig, StudentTraining
from soundctm.training.draws import TeacherDraws, generator_of
from soundctm.training.student import StudentTask
from soundctm.training.teacher import dsm_loss, level_weight, teacher_loss
from soundctm.training.world import World
from tests.oracles.gaussian import SPREAD, GaussianTeacher, text
from tests.oracles.latents import GaussianLatents, tiny_backbone
from tests.oracles.official import TOLERANCE, load_official

ITEMS, SHAPE = 64, (16, 64)
ELEMENTS = ITEMS * math.prod(SHAPE)
ERRORS = 4.0  # standard errors within which a sampled mean must lie
LEVELS = [0.002, 0.05, 0.3, 0.5, 1.0, 7.0, 80.0]


class Nothing(nn.Module):
    """A network whose output is zero: its denoiser is ``c_skip z``."""

    def forward(self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning) -> Tensor:
        return torch.zeros_like(x)


def normal(seed: int) -> Tensor:
    return torch.randn(ITEMS, *SHAPE, generator=generator_of(seed), dtype=torch.float64)


def at_level(sigma: float) -> TeacherDraws:
    return TeacherDraws(torch.full((ITEMS,), sigma, dtype=torch.float64), normal(1))


def within(found: Tensor, expected: float) -> bool:
    return abs(float(found) - expected) < ERRORS * expected * math.sqrt(2 / ELEMENTS)


@pytest.mark.parametrize("sigma", LEVELS)
def test_the_exact_denoiser_of_the_data_loses_one_at_every_level(sigma: float) -> None:
    assert SPREAD == SIGMA_DATA
    mean = 0.7
    z_0 = mean + SPREAD * normal(0)
    assert within(teacher_loss(GaussianTeacher(), z_0, text(*[mean] * ITEMS), at_level(sigma)), 1.0)


@pytest.mark.parametrize("sigma", LEVELS)
@pytest.mark.parametrize("spread", [0.1, 2.0])
def test_data_of_another_spread_lose_what_the_weight_says(spread: float, sigma: float) -> None:
    """``D = c_skip z`` errs by ``(1 - c_skip) z_0 - c_skip sigma eps``: with the weight,
    ``(sigma^2 v^2 + sd^4) / (sd^2 (sigma^2 + sd^2))``."""
    loss = teacher_loss(Nothing(), spread * normal(0), text(*[0.0] * ITEMS), at_level(sigma))
    squares = sigma**2 + SIGMA_DATA**2
    assert within(loss, (sigma**2 * spread**2 + SIGMA_DATA**4) / (SIGMA_DATA**2 * squares))


@pytest.mark.parametrize("levels", [NoiseLevels(), NoiseLevels(mean=0.4, std=1.5)])
def test_the_drawn_levels_average_to_one(levels: NoiseLevels) -> None:
    draws = TeacherDraws.draw(torch.Size((ITEMS, *SHAPE)), levels, generator_of(2))
    z_0 = SIGMA_DATA * normal(0).float()
    assert within(teacher_loss(GaussianTeacher(), z_0, text(*[0.0] * ITEMS, dtype=torch.float32), draws), 1.0)


def test_a_student_at_zero_length_loses_one_where_its_teacher_is_exact() -> None:
    """A fresh student computes ``c_skip z``, the denoiser of these latents, at all DSM times of Eq. 8."""
    batch, passes = 512, 4
    settings = {"steps": 1, "batch": batch, "precision": "fp32", "distance": "l2_s", "max_solver_steps": 1}
    optimizer = OptimizerConfig(name="adamw", learning_rate=1e-3)
    config = StudentTraining.model_validate({**settings, "optimizer": optimizer})
    task = StudentTask(config, DiT(tiny_backbone()), GaussianLatents(), World())
    losses = []
    for index in range(passes):
        drawn = task.source.batch(index, batch, 0.0)
        losses.append(task.backward(drawn.z_0, drawn.conditioning, index, 0, slice(0, batch))["dsm"])
    elements = passes * batch * task.source.channels * task.source.batch(0, 1, 0.0).z_0.shape[-1]
    assert abs(sum(losses) / passes - 1.0) < ERRORS * math.sqrt(2 / elements)


def test_the_weighted_loss_is_the_error_of_the_raw_network() -> None:
    """``lambda c_out^2 = 1``, so ``lambda |D - z_0|^2 = |F - (z_0 - c_skip z) / c_out|^2``."""
    sigma = torch.logspace(-2.6, 2, ITEMS, dtype=torch.float64)
    assert torch.allclose(level_weight(sigma) * c_out(sigma) ** 2, torch.ones_like(sigma), rtol=1e-12)
    z_0, F = SIGMA_DATA * normal(0), normal(3)
    z = z_0 + column(sigma) * normal(1)
    target = (z_0 - column(c_skip(sigma)) * z) / column(c_out(sigma))
    found = dsm_loss(precondition(F, z, sigma), z_0, sigma)
    assert math.isclose(float(found), float((F - target).square().mean()), rel_tol=1e-9)


def test_the_weight_is_that_of_the_official_code(shared_folder: Path) -> None:
    expected = load_official(shared_folder).expected
    assert torch.allclose(level_weight(expected["dsm.sigma"]), expected["dsm.weight"], rtol=TOLERANCE, atol=0)
