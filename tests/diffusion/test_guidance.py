"""Classifier-free guidance of the teacher."""

from pathlib import Path

import pytest
import torch

from soundctm.diffusion import denoise, guided_denoiser, heun, sigma_grid
from tests.oracles.gaussian import GaussianTeacher, denoised, solution, text
from tests.oracles.official import TOLERANCE, load_official, relative_error
from tests.oracles.tiny import random_latents, random_text, tiny_dit


def test_guidance_moves_the_mean_of_a_gaussian_and_costs_one_doubled_batch() -> None:
    teacher = GaussianTeacher()
    z = torch.randn(3, 1, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    omega = torch.tensor([0.0, 1.0, 3.5], dtype=torch.float64)
    D = guided_denoiser(teacher, text(1.0), text(-0.5), omega)
    mean = (-0.5 + omega * 1.5)[:, None, None]
    assert torch.allclose(D(z, torch.tensor(2.0)), denoised(z, 2.0, mean), atol=1e-12)
    assert teacher.batches == [6]


def test_guided_trajectory_ends_at_the_guided_gaussian() -> None:
    z = torch.randn(2, 1, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 5
    D = guided_denoiser(GaussianTeacher(), text(1.0), text(-0.5), 2.0)
    end = heun(D, z, sigma_grid(80, 0.01, 5.0).double())
    assert torch.allclose(end, solution(z, 5.0, 0.01, 2.5), atol=5e-3)


def test_omega_one_is_the_conditional_and_zero_the_unconditional_denoiser() -> None:
    teacher, z, t = tiny_dit("teacher"), random_latents(2, 8), torch.tensor([1.0, 5.0])
    prompt, null = random_text(2, 4, real=[4, 2]), random_text(1, 1, seed=9)
    conditional = guided_denoiser(teacher, prompt, null, 1.0)(z, t)
    unconditional = guided_denoiser(teacher, prompt, null, 0.0)(z, t)
    assert torch.allclose(conditional, denoise(teacher, z, t, prompt), atol=1e-5)
    assert torch.allclose(unconditional, denoise(teacher, z, t, null.expand(2)), atol=1e-5)


@pytest.mark.parametrize("steps", [1, 3])
def test_guided_heun_computes_what_the_official_code_computes(shared_folder: Path, steps: int) -> None:
    official = load_official(shared_folder)
    e = official.expected
    D = guided_denoiser(official.teacher, official.conditioning, official.unconditional, e["heun.omega"])
    sigmas = torch.stack([sigma_grid(39)[e["heun.indices"].long() + i] for i in range(steps + 1)])
    assert relative_error(heun(D, e["heun.z_t"], sigmas), e[f"heun.steps{steps}.z_u"]) < TOLERANCE
