"""Weights across gaps, and limits of slope."""

import numpy as np
import pytest

from soundctm.control.bridge import fill_gaps, gap_weights, innovation, limit_slopes, runs


def test_runs() -> None:
    mask = np.array([1, 1, 0, 0, 1, 0, 1], dtype=bool)
    assert runs(mask) == [(0, 2), (4, 5), (6, 7)] and runs(~mask) == [(2, 4), (5, 6)]
    assert runs(np.zeros(3, dtype=bool)) == [] and runs(np.ones(3, dtype=bool)) == [(0, 3)]


@pytest.mark.parametrize("count", [1, 2, 3, 9, 10, 11, 19, 20, 21, 100])
@pytest.mark.parametrize("fade", [0, 1, 10])
def test_weights_share_the_gap(count: int, fade: int) -> None:
    before, generated, after = gap_weights(count, fade, True, True)
    assert np.allclose(before + generated + after, 1, atol=1e-15)
    assert min(before.min(), generated.min(), after.min()) >= -1e-15
    assert np.allclose(before, after[::-1], atol=1e-15)
    assert np.abs(before[fade:]).max(initial=0) < 1e-15 and np.abs(after[: max(0, count - fade)]).max(initial=0) < 1e-15


@pytest.mark.parametrize("count", [10, 12, 30])
def test_each_border_meets_its_own_side(count: int) -> None:
    before, generated, after = gap_weights(count, 10, True, True)
    assert min(before[0], after[-1]) > 0.95 and max(generated[0], generated[-1]) < 0.03


def test_one_sided_weights() -> None:
    before, generated, after = gap_weights(50, 10, True, False)
    assert (after == 0).all() and before[0] > 0.97 and generated[-1] == 1
    before, generated, after = gap_weights(50, 10, False, True)
    assert (before == 0).all() and after[-1] > 0.97 and generated[0] == 1
    assert (gap_weights(50, 10, False, False)[1] == 1).all()


def test_innovation_is_white_and_needs_nothing_from_before() -> None:
    rng = np.random.default_rng(0)
    x = np.convolve(rng.standard_normal(5000), 0.9 ** np.arange(50), "valid")
    e = innovation(x, 441)
    assert abs(e[1:] @ e[:-1] / (e @ e)) < 0.15 and abs(x[1:] @ x[:-1] / (x @ x)) > 0.8
    assert innovation(x[:10], 10).shape == (10,) and innovation(x[:1], 1).shape == (1,)


def test_noise_meets_noise_without_a_dip() -> None:
    power = np.zeros(2000)
    for seed in range(60):
        observed, x = np.random.default_rng(seed).standard_normal((2, 2000))
        power += np.square(fill_gaps(x, observed, np.arange(2000) < 1000, fade=400)) / 60
    assert power[1000:1400].reshape(-1, 100).mean(1).min() > 0.8


def test_slopes_are_held() -> None:
    observed = np.array([0.0, 0.4, 0.5, 0.5, 0.5, 0.5, 0.4, 0.0, -0.3, -0.5, -0.2])
    x = np.where(np.abs(observed) == 0.5, 9.0 * np.sign(observed), 7.0)
    limited = limit_slopes(x, observed, np.abs(observed) == 0.5)
    assert np.allclose(limited[2:6], [0.8, 1.2, 1.2, 0.8]) and np.isclose(limited[9], -0.6)
    assert (limited[[0, 1, 6, 7, 8, 10]] == 7).all()


def test_slopes_at_the_ends_have_one_line() -> None:
    observed = np.array([0.5, 0.5, 0.25, 0.0, 0.0])
    assert np.allclose(limit_slopes(np.full(5, 9.0), observed, observed == 0.5)[:2], [0.75, 0.5])
