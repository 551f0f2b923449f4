"""The sampler's hook for controls: what it is shown, and what becomes of what it returns."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from soundctm.diffusion import sigma_grid
from soundctm.trajectory import Landing, jump, sample
from soundctm.trajectory.course import course, jumps
from soundctm.trajectory.guidance import nu_jump
from tests.oracles.gaussian import GaussianStudent, text
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

SIGMA_MAX, SIGMA_MIN, STEPS = 80.0, 0.002, 3
CASES = [(1.0, 0.0), (2.5, 0.0), (1.0, 0.6), (2.5, 1.0)]


class Watch:
    """A steer that keeps what it was shown and leaves the jump where it landed."""

    def __init__(self) -> None:
        self.landings: list[Landing] = []

    def __call__(self, landing: Landing) -> Tensor:
        self.landings.append(landing)
        return landing.z_s


def run(nu: float, gamma: float, **hooks: Any) -> Tensor:
    noise = [random_latents(2, 8, seed=5 + i) for i in range(STEPS - 1)]
    return sample(
        tiny_dit("student", **MINI), SIGMA_MAX * random_latents(2, 8), random_text(2, 4, real=[4, 2]),
        random_text(1, 1, seed=9), steps=STEPS, omega=torch.tensor([1.0, 4.0]), nu=nu, gamma=gamma, noise=noise,
        **hooks,
    )  # fmt: skip


@pytest.mark.parametrize(("nu", "gamma"), CASES)
def test_a_steer_that_returns_where_it_landed_changes_no_bit(nu: float, gamma: float) -> None:
    watch = Watch()
    assert torch.equal(run(nu, gamma, steer=watch), run(nu, gamma))
    assert [(landing.step, landing.steps) for landing in watch.landings] == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(("nu", "gamma"), CASES)
def test_a_landing_says_where_the_jump_began_and_ended(nu: float, gamma: float) -> None:
    watch, after = Watch(), [SIGMA_MAX * random_latents(2, 8)]
    run(nu, gamma, steer=watch, callback=lambda step, steps, z: after.append(z))
    grid, omega = sigma_grid(STEPS).tolist(), torch.tensor([1.0, 4.0])
    prompt, null = random_text(2, 4, real=[4, 2]), random_text(1, 1, seed=9).expand(2)
    for i, landing in enumerate(watch.landings):
        s = math.sqrt(1 - gamma**2) * (grid[i + 1] - SIGMA_MIN) + SIGMA_MIN
        assert (landing.t, landing.s) == (grid[i], pytest.approx(s, rel=1e-12))
        assert torch.equal(landing.z, after[i])
        student = tiny_dit("student", **MINI)
        there = nu_jump(student, landing.z, landing.t, landing.s, omega, prompt, null, nu)
        assert torch.allclose(landing.z_s, there, atol=1e-5)
        noise = 0 if gamma == 0 or i == STEPS - 1 else math.sqrt(grid[i + 1] ** 2 - s**2) * random_latents(2, 8, 5 + i)
        assert torch.equal(after[i + 1], landing.z_s + noise)


@pytest.mark.parametrize(("nu", "gamma"), CASES)
def test_clean_is_the_text_jump_to_the_end_whatever_nu_is(nu: float, gamma: float) -> None:
    watch, omega = Watch(), torch.tensor([1.0, 4.0])
    run(nu, gamma, steer=watch)
    student, prompt, other = tiny_dit("student", **MINI), random_text(2, 4, real=[4, 2]), random_latents(2, 8, seed=7)
    for landing in watch.landings:
        for z in (landing.z, other):
            assert torch.equal(landing.clean(z), jump(student, z, landing.t, SIGMA_MIN, omega, prompt))


def test_clean_ends_at_the_samplers_own_lowest_level() -> None:
    student, watch = GaussianStudent(), Watch()
    z_T = torch.ones(1, 1, 2, dtype=torch.float64)
    sample(student, z_T, text(0.3), text(0.0), steps=2, omega=1.0, steer=watch, sigma_min=0.1, sigma_max=7.0)
    student.levels.clear()
    watch.landings[0].clean(z_T)
    assert student.levels == pytest.approx([0.1])


def test_gradients_flow_through_clean() -> None:
    watch = Watch()
    with torch.no_grad():
        run(1.0, 0.0, steer=watch)
    z = watch.landings[1].z.clone().requires_grad_()
    (slope,) = torch.autograd.grad(watch.landings[1].clean(z).square().sum(), z)
    assert torch.isfinite(slope).all() and slope.abs().max() > 0


@pytest.mark.parametrize("gamma", [0.0, 0.6])
def test_the_trajectory_goes_on_from_what_a_steer_returns(gamma: float) -> None:
    """A steer to nowhere, from which only the fresh noise leads away; the last jump adds none."""
    seen: list[Tensor] = []
    out = run(
        1.0, gamma, steer=lambda landing: torch.zeros_like(landing.z), callback=lambda step, steps, z: seen.append(z)
    )
    grid = sigma_grid(STEPS).tolist()
    for i, z in enumerate(seen[:-1]):
        s = math.sqrt(1 - gamma**2) * (grid[i + 1] - SIGMA_MIN) + SIGMA_MIN
        added = math.sqrt(grid[i + 1] ** 2 - s**2) if gamma else 0.0
        assert torch.equal(z, added * random_latents(2, 8, seed=5 + i))
    assert not out.any() and not seen[-1].any()


def test_a_course_always_offers_a_clean_estimate() -> None:
    """There is no course without one, in which a steer would have to be passed over."""
    schedule, z = jumps(STEPS), torch.zeros(1, 1, 2)
    with pytest.raises(TypeError, match="clean"):
        course(z, schedule, steer=lambda landing: landing.z_s)  # type: ignore[call-arg]
    steered = course(z, schedule, clean=lambda z, t: z + t, steer=lambda landing: landing.clean(landing.z_s))
    next(steered)
    moved, number = steered.send(z)
    assert number == 1 and torch.equal(moved, z + schedule[0].t)


def test_a_steer_may_stop_the_sampler() -> None:
    def stop(landing: Landing) -> Tensor:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(1.0, 0.0, steer=stop)
