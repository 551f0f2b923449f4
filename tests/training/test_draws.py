"""The distributions that training draws from."""

import numpy as np
import pytest
import torch
from scipy import stats

from soundctm.diffusion.schedule import sigma_at
from soundctm.training.config import NoiseLevels, OptimizerConfig, StudentTraining
from soundctm.training.draws import (
    StudentDraws,
    TeacherDraws,
    generator_of,
    jump_times,
    log_normal,
    share,
    solver_steps,
    student_dsm_times,
    training_grid,
)

ADAMW = OptimizerConfig(name="adamw", learning_rate=1e-3)


def student(**changes: object) -> StudentTraining:
    return StudentTraining.model_validate({"steps": 1, "batch": 4, "optimizer": ADAMW, **changes})


def test_noise_levels_are_log_normal() -> None:
    sigma = log_normal(5000, NoiseLevels(mean=-0.4, std=1.4), generator_of(0))
    assert stats.kstest((sigma.log() + 0.4).numpy() / 1.4, "norm").pvalue > 0.001


def test_the_papers_levels_are_the_default() -> None:
    sigma = log_normal(5000, NoiseLevels(), generator_of(0))
    assert stats.kstest((sigma.log() + 1.2).numpy() / 1.2, "norm").pvalue > 0.001


def test_student_levels_are_half_and_half() -> None:
    """Their distribution function is the mean of a log-normal one and of one that is even on the grid's top 70 %."""
    config = student(noise={"mean": -0.4, "std": 1.4}, sigma_max=40.0, sigma_min=0.01, rho=5.0)
    high, low = 40 ** (1 / 5), 0.01 ** (1 / 5)

    def both(sigma: np.ndarray) -> np.ndarray:
        position = (sigma ** (1 / 5) - high) / (low - high)
        return 0.5 * stats.norm.cdf((np.log(sigma) + 0.4) / 1.4) + 0.5 * np.clip(1 - position / 0.7, 0, 1)

    batches = [student_dsm_times(3, config, generator_of(0, i)) for i in range(2000)]
    assert stats.kstest(torch.cat(batches).numpy(), both).pvalue > 0.001


def test_the_formula_meets_the_grid() -> None:
    levels = (0.002, 80.0, 7.0)
    assert torch.allclose(sigma_at(torch.linspace(0, 1, 40), *levels), training_grid(40, *levels), rtol=1e-4)


@pytest.mark.parametrize("steps", [1, 7, 38])
def test_jump_times_are_ordered_and_even(steps: int) -> None:
    t, u, s = jump_times(20_000, steps, 40, generator_of(0))
    assert torch.equal(u, t + steps) and bool((s >= u).all()) and int(t.min()) == 0 and int(s.max()) == 39
    assert stats.chisquare(np.bincount(t.numpy(), minlength=40 - steps)).pvalue > 0.001
    with pytest.raises(ValueError, match="solver steps"):
        jump_times(2, 40, 40, generator_of(0))


def test_ends_are_even_from_u_on() -> None:
    _, u, s = jump_times(60_000, 5, 40, generator_of(1))
    for middle in (5, 20, 38):
        ends = s[u == middle].numpy() - middle
        assert stats.chisquare(np.bincount(ends, minlength=40 - middle)).pvalue > 0.001
    assert bool((s[u == 39] == 39).all())


@pytest.mark.parametrize(("draw", "power"), [("uniform", 0.0), ("long", 1.0), ("short", -1.0)])
def test_solver_counts_follow_their_weights(draw: str, power: float) -> None:
    config = student(solver_draw=draw, max_solver_steps=9)
    generator = generator_of(2)
    counts = np.bincount([solver_steps(config, generator) for _ in range(4000)], minlength=10)[1:]
    expected = np.arange(1.0, 10.0) ** power
    assert stats.chisquare(counts, 4000 * expected / expected.sum()).pvalue > 0.001


def test_guidance_is_even_over_its_range() -> None:
    config = student(omega_min=1.0, omega_max=4.0, batch=4)
    draws = StudentDraws.draw(torch.Size((3000, 1, 1)), config, generator_of(3))
    assert stats.kstest(draws.omega.numpy(), "uniform", args=(1, 3)).pvalue > 0.001
    assert stats.kstest(draws.noise.flatten().numpy(), "norm").pvalue > 0.001
    assert not torch.equal(draws.noise, draws.dsm_noise)


def test_shares_of_a_batch_are_its_rows() -> None:
    draws = TeacherDraws.draw(torch.Size((6, 2, 3)), NoiseLevels(), generator_of(4))
    halves = [share(draws, slice(*rows), torch.device("cpu")) for rows in ((0, 3), (3, 6))]
    assert torch.equal(torch.cat([half.noise for half in halves]), draws.noise)
    assert torch.equal(torch.cat([half.sigma for half in halves]), draws.sigma)


def test_generators_depend_on_every_number() -> None:
    values = {float(torch.rand(1, generator=generator_of(*n))) for n in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (0, 1))}
    assert len(values) == 4


def test_a_share_of_the_jumps_goes_to_the_end_and_the_rest_is_as_without() -> None:
    t, u, s = jump_times(40_000, 4, 40, generator_of(2), to_end=0.4)
    plain = jump_times(40_000, 4, 40, generator_of(2))
    assert torch.equal(t, plain[0]) and torch.equal(u, plain[1])
    moved = s != plain[2]
    assert (s[moved] == 39).all()
    free = plain[2] != 39
    assert abs(float(moved[free].float().mean()) - 0.4) < 0.01


def test_a_share_of_the_jumps_comes_from_the_top_and_no_jump_turns_round() -> None:
    t, u, s = jump_times(40_000, 4, 40, generator_of(2), from_top=0.3)
    plain = jump_times(40_000, 4, 40, generator_of(2))
    moved = t != plain[0]
    assert (t[moved] == 0).all()
    assert abs(float(moved[plain[0] > 0].float().mean()) - 0.3) < 0.01
    assert torch.equal(u, t + 4) and (s >= u).all() and (s <= 39).all()
    from_there = s[t == 0].float()
    assert abs(float(from_there.mean()) - (4 + 39) / 2) < 0.5, "from the top, ends are drawn evenly as from elsewhere"
