"""Laws of the preconditioning."""

from pathlib import Path

import pytest
import torch

from soundctm.diffusion import denoise
from soundctm.diffusion.precond import SIGMA_DATA, as_batch, c_in, c_noise, c_out, c_skip
from tests.oracles.gaussian import GaussianTeacher, denoised, text
from tests.oracles.official import TOLERANCE, load_official, relative_error
from tests.oracles.tiny import fresh_dit, random_latents, random_text, tiny_dit

LEVELS = torch.logspace(-3, 2, 21, dtype=torch.float64)


def test_network_sees_and_is_asked_for_unit_variance() -> None:
    t = LEVELS
    assert torch.allclose(c_in(t) ** 2 * (t**2 + SIGMA_DATA**2), torch.ones_like(t))
    # the target (z_0 - c_skip z) / c_out of z = z_0 + t eps
    variance = (1 - c_skip(t)) ** 2 * SIGMA_DATA**2 + c_skip(t) ** 2 * t**2
    assert torch.allclose(variance / c_out(t) ** 2, torch.ones_like(t))


def test_at_no_noise_the_input_passes_and_at_much_noise_the_network_decides() -> None:
    low, high = torch.tensor(1e-6, dtype=torch.float64), torch.tensor(1e6, dtype=torch.float64)
    assert c_skip(low).item() == pytest.approx(1.0)
    assert c_out(low).item() == pytest.approx(0.0, abs=1e-5)
    assert c_skip(high).item() == pytest.approx(0.0, abs=1e-9)
    assert c_out(high).item() == pytest.approx(SIGMA_DATA)
    assert c_noise(torch.tensor(1.0)).item() == 0.0


def test_denoiser_of_any_network_returns_a_clean_input() -> None:
    z = random_latents(2, 8)
    D = denoise(tiny_dit("teacher"), z, 1e-6, random_text(2, 3))
    assert torch.allclose(D, z, atol=1e-4)


def test_denoiser_of_a_fresh_network_is_the_skip_connection() -> None:
    z = random_latents(2, 8)
    t = torch.tensor([0.1, 7.0])
    assert torch.equal(denoise(fresh_dit("teacher"), z, t, random_text(2, 3)), c_skip(t)[:, None, None] * z)


def test_denoiser_is_the_posterior_mean_of_gaussian_data() -> None:
    z = torch.randn(3, 2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    t = torch.tensor([0.01, 1.0, 50.0], dtype=torch.float64)
    exact = denoised(z, t[:, None, None], torch.tensor([1.0, -2.0, 0.5]).double()[:, None, None])
    assert torch.allclose(denoise(GaussianTeacher(), z, t, text(1.0, -2.0, 0.5)), exact, atol=1e-12)


def test_a_level_may_be_a_number_a_scalar_or_one_per_item() -> None:
    z, model, prompt = random_latents(2, 8), tiny_dit("teacher"), random_text(2, 3)
    per_item = denoise(model, z, torch.tensor([0.7, 0.7]), prompt)
    assert torch.equal(denoise(model, z, 0.7, prompt), per_item)
    assert torch.equal(denoise(model, z, torch.tensor(0.7), prompt), per_item)
    with pytest.raises(ValueError, match="each of 2 items"):
        as_batch(torch.ones(3), z)


def test_denoiser_computes_what_the_official_code_computes(shared_folder: Path) -> None:
    official = load_official(shared_folder)
    z, t, _, _, prompt = official.jump_arguments
    assert relative_error(denoise(official.teacher, z, t, prompt), official.expected["denoise.D"]) < TOLERANCE
