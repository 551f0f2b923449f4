"""Back to the noise: the law on Gaussian data, the order of the solver, and the way there and back."""

import math

import pytest
import torch
from torch import Tensor

from soundctm.control.inversion import invert, student_denoiser
from soundctm.trajectory import sample
from tests.oracles.gaussian import SPREAD, GaussianStudent, denoised, text
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

SIGMA_MAX, SIGMA_MIN, MEAN = 80.0, 0.002, 0.3


def latents(batch: int = 2) -> Tensor:
    z = torch.randn(batch, 3, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return MEAN + SPREAD * z


def exact(z_0: Tensor, sigma_max: float = SIGMA_MAX, sigma_min: float = SIGMA_MIN) -> Tensor:
    return MEAN + (z_0 - MEAN) * math.hypot(SPREAD, sigma_max) / math.hypot(SPREAD, sigma_min)


def error(steps: int) -> float:
    found = invert(GaussianStudent(), latents(), text(MEAN), steps=steps, omega=1.0)
    return float((found - exact(latents())).norm() / exact(latents()).norm())


def test_a_student_denoises_where_its_jump_has_no_length() -> None:
    D = student_denoiser(GaussianStudent(null=-0.1), text(MEAN).expand(2), omega=2.0)
    z, t = 5 * latents(), torch.tensor([4.0, 0.3], dtype=torch.float64)
    assert torch.allclose(D(z, t), denoised(z, t[:, None, None], 0.7), atol=1e-10)


@pytest.mark.parametrize(("sigma_min", "sigma_max"), [(0.002, 80.0), (0.1, 5.0)])
def test_data_becomes_the_noise_that_makes_it(sigma_min: float, sigma_max: float) -> None:
    found = invert(
        GaussianStudent(), latents(), text(MEAN), steps=200, omega=1.0, sigma_min=sigma_min, sigma_max=sigma_max
    )
    expected = exact(latents(), sigma_max, sigma_min)
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-3 * sigma_max)


def test_the_noise_of_data_is_as_loud_as_noise() -> None:
    z_T = invert(GaussianStudent(), latents(50), text(MEAN), steps=40, omega=1.0)
    assert float(z_T.std()) == pytest.approx(SIGMA_MAX, rel=0.05)


def test_the_solver_is_of_second_order() -> None:
    coarse, middle, fine = (error(steps) for steps in (40, 80, 160))
    assert 3.5 < coarse / middle < 4.5 and 3.5 < middle / fine < 4.5


@pytest.mark.parametrize("steps", [1, 4, 16])
def test_there_and_back(steps: int) -> None:
    z_T = invert(GaussianStudent(), latents(), text(MEAN), steps=80, omega=1.0)
    back = sample(GaussianStudent(), z_T, text(MEAN), text(0.0), steps=steps, omega=1.0)
    assert float((back - latents()).abs().max()) < 0.005


def test_back_and_there() -> None:
    z_T = SIGMA_MAX * torch.randn(1, 3, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    z_0 = sample(GaussianStudent(), z_T, text(MEAN), text(0.0), steps=4, omega=1.0)
    again = invert(GaussianStudent(), z_0, text(MEAN), steps=80, omega=1.0)
    assert float((again - z_T).abs().max()) < 0.01 * SIGMA_MAX


def test_guidance_and_text_are_heard() -> None:
    student, z_0, prompt = tiny_dit("student", **MINI), random_latents(2, 8), random_text(1, 3)
    found = invert(student, z_0, prompt, steps=3, omega=2.0)
    others = [
        invert(student, z_0, prompt, steps=3, omega=4.0),
        invert(student, z_0, random_text(1, 3, 7), steps=3, omega=2.0),
    ]
    assert all(not torch.allclose(found, other, rtol=1e-3) for other in others)
    assert torch.equal(found, invert(student, z_0, prompt, steps=3, omega=2.0))
    assert torch.allclose(found[:1], invert(student, z_0[:1], prompt, steps=3, omega=2.0), rtol=1e-4, atol=1e-3)


def test_two_evaluations_a_step_and_a_callback_that_may_stop() -> None:
    student, seen = GaussianStudent(), []
    invert(
        student, latents(), text(MEAN), steps=5, omega=1.0, callback=lambda step, steps, z: seen.append((step, steps))
    )
    assert seen == [(i, 5) for i in range(1, 6)] and len(student.batches) == 10

    def stop(step: int, steps: int, z: Tensor) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        invert(GaussianStudent(), latents(), text(MEAN), steps=5, omega=1.0, callback=stop)


def test_no_gradient_is_kept() -> None:
    z_0 = latents().requires_grad_()
    assert not invert(GaussianStudent(), z_0, text(MEAN), steps=2, omega=1.0).requires_grad
