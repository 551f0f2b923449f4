"""Laws of the sampler."""

import math
import re
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from scipy.stats import kstest
from torch import Tensor

from soundctm.diffusion import sigma_grid
from soundctm.trajectory import jump, sample
from soundctm.trajectory.course import ON_GRID, jumps
from tests.oracles.gaussian import SPREAD, GaussianStudent, solution, text
from tests.oracles.official import TOLERANCE, load_official, relative_error
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

SIGMA_MAX, SIGMA_MIN = 80.0, 0.002
GAMMAS = (0.0, 1e-5, 0.02, 0.1, ON_GRID, 0.7)


def gaussian_noise(count: int, shape: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(11)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(count)]


@pytest.mark.parametrize("sigma_first", [None, 0.5])
@pytest.mark.parametrize("steps", [1, 2, 16])
def test_deterministic_sample_of_a_perfect_student_is_the_end_of_the_trajectory(
    steps: int, sigma_first: float | None
) -> None:
    z_T = gaussian_noise(1, (2, 1, 8))[0] * SIGMA_MAX
    student = GaussianStudent(null=-0.1)
    out = sample(student, z_T, text(0.3), text(-0.1), steps=steps, omega=2.0, sigma_first=sigma_first)
    assert torch.allclose(out, solution(z_T, SIGMA_MAX, SIGMA_MIN, 0.7), atol=1e-6)


@pytest.mark.parametrize("steps", [2, 5])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_samples_have_the_distribution_of_the_data(steps: int, gamma: float) -> None:
    z_T, *noise = gaussian_noise(steps, (1, 1, 20_000))
    out = sample(
        GaussianStudent(), z_T * SIGMA_MAX, text(0.3), text(0.0), steps=steps, omega=1.0, gamma=gamma, noise=noise
    )
    law = kstest(out.flatten().numpy(), "norm", args=(0.3, math.hypot(SPREAD, SIGMA_MIN)))
    assert law.pvalue > 0.01


def test_every_level_on_the_way_has_its_distribution() -> None:
    levels: list[float] = []
    sigmas, (z_T, *noise) = sigma_grid(6).tolist(), gaussian_noise(6, (1, 1, 20_000))

    def check(step: int, steps: int, z: Tensor) -> None:
        spread = math.hypot(SPREAD, sigmas[step])
        levels.append(kstest(z.flatten().numpy(), "norm", args=(0.3, spread)).pvalue)

    student, z_T = GaussianStudent(), z_T * SIGMA_MAX
    sample(student, z_T, text(0.3), text(0.0), steps=6, omega=1.0, gamma=0.7, noise=noise, callback=check)
    assert len(levels) == 6
    assert min(levels) > 0.01


def test_noise_on_the_way_brings_back_the_grid() -> None:
    levels = {gamma: torch.tensor([jump.t for jump in jumps(6, gamma, sigma_first=0.5)]) for gamma in GAMMAS}
    assert torch.equal(levels[0.0], sigma_grid(6, sigma_first=0.5)[:-1])
    assert torch.equal(levels[ON_GRID], sigma_grid(6)[:-1]) and torch.equal(levels[0.7], sigma_grid(6)[:-1])
    for less, more in pairwise(GAMMAS[:-1]):
        assert levels[less][0] == levels[more][0] == 80.0 and (levels[less][1:] < levels[more][1:]).all()
    assert torch.allclose(levels[0.0], levels[GAMMAS[1]], rtol=1e-3)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_each_jump_ends_where_gamma_says(gamma: float) -> None:
    student, noise = GaussianStudent(), gaussian_noise(3, (1, 1, 2))
    sample(student, noise[0], text(0.3), text(0.0), steps=3, omega=1.0, gamma=gamma, noise=noise[1:])
    grid = sigma_grid(3)[1:]
    expected = math.sqrt(1 - gamma**2) * (grid - SIGMA_MIN) + SIGMA_MIN
    assert student.levels == pytest.approx(expected.tolist(), rel=1e-6)
    if gamma == 1.0:
        assert student.levels == pytest.approx([SIGMA_MIN] * 3, rel=1e-6)


def test_gamma_one_is_the_consistency_sampler() -> None:
    student, prompt = tiny_dit("student"), random_text(2, 3)
    z_T, eps = random_latents(2, 8) * SIGMA_MAX, random_latents(2, 8, seed=4)
    middle = float(sigma_grid(2)[1])
    z = jump(student, z_T, SIGMA_MAX, SIGMA_MIN, 3.0, prompt)
    z = z + math.sqrt(middle**2 - SIGMA_MIN**2) * eps
    z = jump(student, z, middle, SIGMA_MIN, 3.0, prompt)
    out = sample(student, z_T, prompt, random_text(1, 1), steps=2, omega=3.0, gamma=1.0, noise=[eps])
    assert torch.allclose(out, z, atol=1e-4)


def test_a_gamma_too_small_to_matter_changes_nothing() -> None:
    noise = gaussian_noise(4, (1, 1, 4))
    arguments = (GaussianStudent(), noise[0] * SIGMA_MAX, text(0.3), text(0.0))
    still = sample(*arguments, steps=4, omega=1.0)
    assert torch.allclose(sample(*arguments, steps=4, omega=1.0, gamma=1e-9, noise=noise[1:]), still, atol=1e-5)


def test_network_calls_one_per_step_and_doubled_only_when_nu_is_not_one() -> None:
    for nu, batch in ((1.0, 3), (2.5, 6)):
        student = GaussianStudent()
        sample(student, torch.ones(3, 1, 2), text(0.3), text(0.0), steps=4, omega=1.0, nu=nu)
        assert student.batches == [batch] * 4


@pytest.mark.parametrize("options", [{}, MINI])
@pytest.mark.parametrize(("nu", "gamma"), [(1.0, 0.0), (2.0, 0.5)])
def test_a_sample_does_not_depend_on_its_neighbours(options: dict[str, object], nu: float, gamma: float) -> None:
    student, null = tiny_dit("student", **options), random_text(1, 1, seed=9)
    prompt, omega = random_text(3, 4, real=[4, 2, 1]), torch.tensor([1.0, 3.0, 5.0])
    z_T, noise = random_latents(3, 8) * SIGMA_MAX, [random_latents(3, 8, seed=4)]
    together = sample(student, z_T, prompt, null, steps=2, omega=omega, nu=nu, gamma=gamma, noise=noise)
    for i in range(3):
        one = slice(i, i + 1)
        alone = sample(
            student, z_T[one], prompt.select(one), null,
            steps=2, omega=float(omega[i]), nu=nu, gamma=gamma, noise=[noise[0][one]],
        )  # fmt: skip
        assert torch.allclose(together[one], alone, rtol=1e-4, atol=1e-4)


def test_gradients_reach_the_start() -> None:
    z_T = torch.full((1, 1, 3), 20.0, dtype=torch.float64, requires_grad=True)
    out = sample(GaussianStudent(), z_T, text(0.3), text(0.0), steps=3, omega=1.0)
    (slope,) = torch.autograd.grad(out.sum(), z_T)
    exact = math.hypot(SPREAD, SIGMA_MIN) / math.hypot(SPREAD, SIGMA_MAX)
    assert torch.allclose(slope, torch.full_like(slope, exact), rtol=1e-5)


def test_callback_sees_every_step_and_may_stop() -> None:
    seen: list[tuple[int, int]] = []

    def stop_at_two(step: int, steps: int, z: Tensor) -> None:
        seen.append((step, steps))
        if step == 2:
            raise KeyboardInterrupt

    student = GaussianStudent()
    with pytest.raises(KeyboardInterrupt):
        sample(student, torch.ones(1, 1, 2), text(0.3), text(0.0), steps=5, omega=1.0, callback=stop_at_two)
    assert seen == [(1, 5), (2, 5)]
    assert len(student.batches) == 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"steps": 0}, "at least 1"),
        ({"gamma": 1.5}, "from 0"),
        ({"gamma": math.nan}, "from 0"),
        ({"gamma": 0.5}, "0 noise tensors given, 1 needed"),
        ({"gamma": 0.5, "noise": [torch.zeros(1, 1, 2)]}, "must have the shape"),
        ({"omega": torch.ones(3)}, "each of 2 items"),
        ({"sigma_min": 90.0}, "sigma_min < sigma_max"),
    ],
)
def test_what_cannot_be_sampled_is_refused(changed: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"steps": 2, "omega": 1.0, **changed}
    with pytest.raises(ValueError, match=message):
        sample(GaussianStudent(), torch.ones(2, 1, 2), text(0.3), text(0.0), **arguments)  # type: ignore[arg-type]


def test_samplers_compute_what_the_official_code_computes(shared_folder: Path) -> None:
    official = load_official(shared_folder)
    checked = 0
    for name, expected in official.expected.items():
        case = re.fullmatch(r"sample\.(deterministic|gamma([\d.]+))\.steps(\d+)\.nu([\d.]+)", name)
        if case is None:
            continue
        steps, gamma, nu = int(case[3]), float(case[2] or 0), float(case[4])
        count = steps - 1 if gamma > 0 else 0
        noise = [official.expected[f"sample.{case[1]}.steps{steps}.noise{i}"] for i in range(count)]
        out = sample(
            official.student, official.expected["sample.z_T"], official.conditioning, official.unconditional,
            steps=steps, omega=4.0, nu=nu, gamma=gamma, noise=noise,
        )  # fmt: skip
        assert relative_error(out, expected) < TOLERANCE, name
        checked += 1
    assert checked == 16
