"""Laws of the jump."""

from pathlib import Path

import pytest
import torch

from soundctm.diffusion import denoise
from soundctm.diffusion.precond import c_in, c_noise
from soundctm.trajectory import g, jump
from tests.oracles.gaussian import GaussianStudent, denoised, solution, text
from tests.oracles.official import TOLERANCE, load_official, relative_error
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit


def noise(batch: int) -> torch.Tensor:
    return torch.randn(batch, 2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 10


@pytest.mark.parametrize("options", [{}, MINI])
def test_a_jump_to_where_it_starts_goes_nowhere(options: dict[str, object]) -> None:
    student, z = tiny_dit("student", **options), random_latents(2, 8)
    for t in (0.002, 1.3, 80.0):
        assert torch.equal(jump(student, z, t, t, 3.0, random_text(2, 3)), z)


def test_oracle_student_is_exact() -> None:
    z, t, s = noise(3), torch.tensor([80.0, 3.0, 0.5]).double(), torch.tensor([0.002, 2.9, 0.5]).double()
    G = jump(GaussianStudent(), z, t, s, 1.0, text(0.3))
    assert torch.allclose(G, solution(z, t[:, None, None], s[:, None, None], 0.3), atol=1e-12)


def test_two_jumps_are_one_jump() -> None:
    student, z, prompt = GaussianStudent(null=-0.2), noise(3), text(0.3)
    for t, u, s in ((80.0, 5.0, 0.002), (10.0, 9.0, 0.5), (1.0, 1.0, 0.1)):
        direct = jump(student, z, t, s, 2.0, prompt)
        assert torch.allclose(jump(student, jump(student, z, t, u, 2.0, prompt), u, s, 2.0, prompt), direct, atol=1e-12)


def test_g_at_equal_levels_is_the_denoiser() -> None:
    z = noise(2)
    assert torch.allclose(g(GaussianStudent(), z, 4.0, 4.0, 1.0, text(0.3)), denoised(z, 4.0, 0.3), atol=1e-12)


def test_g_of_a_student_fresh_from_its_teacher_is_the_teachers_denoiser() -> None:
    teacher, student = tiny_dit("teacher", **MINI), tiny_dit("student", seed=5, **MINI)
    for mlp in (student.to_jump_embed, student.to_omega_embed):
        assert mlp is not None
        mlp[-1].weight.zero_()
        mlp[-1].bias.zero_()
    student.load_teacher(teacher)
    z, prompt = random_latents(2, 8), random_text(2, 3)
    assert torch.equal(g(student, z, 2.0, 0.4, 3.0, prompt), denoise(teacher, z, 2.0, prompt))


def test_levels_and_omega_may_be_numbers_or_one_per_item() -> None:
    student, z, prompt = tiny_dit("student"), random_latents(2, 8), random_text(2, 3)
    numbers = jump(student, z, 3.0, 1.0, 2.0, prompt)
    tensors = jump(student, z, torch.tensor([3.0, 3.0]), torch.tensor(1.0), torch.tensor([2.0, 2.0]), prompt)
    assert torch.equal(numbers, tensors)
    assert not torch.allclose(numbers, jump(student, z, 3.0, 1.0, torch.tensor([2.0, 4.0]), prompt))


def test_jump_computes_what_the_official_code_computes(shared_folder: Path) -> None:
    official = load_official(shared_folder)
    z, t, s, omega, prompt = official.jump_arguments
    raw = official.student(c_in(t)[:, None, None] * z, c_noise(t), prompt, c_noise_s=c_noise(s), omega=omega)
    assert relative_error(raw, official.expected["jump.network_output"]) < TOLERANCE
    assert relative_error(g(official.student, z, t, s, omega, prompt), official.expected["jump.g"]) < TOLERANCE
    assert relative_error(jump(official.student, z, t, s, omega, prompt), official.expected["jump.G"]) < TOLERANCE
