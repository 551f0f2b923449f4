"""Linear prediction: known processes are recovered, tones and noise go on."""

import numpy as np
import pytest
from scipy.linalg import toeplitz
from scipy.signal import lfilter

from soundctm.control.extrapolation import burg, extrapolate, prediction_error

RATE = 44100


def resonance(n: int, seed: int = 0) -> np.ndarray:
    """Noise through the two poles of ``x[n] = 1.6 x[n-1] - 0.8 x[n-2] + e[n]``, with ``e`` of unit variance."""
    return np.asarray(lfilter([1.0], [1.0, -1.6, 0.8], np.random.default_rng(seed).standard_normal(n + 500)))[500:]


def tones(n: int, *hertz: float) -> np.ndarray:
    t = np.arange(n) / RATE
    return sum((0.5 * np.sin(2 * np.pi * f * t + f) for f in hertz), np.zeros(n))


def test_burg_finds_the_process() -> None:
    x = resonance(100_000)
    assert np.allclose(burg(x, 2), [1.6, -0.8], atol=0.01)
    assert np.allclose(burg(x, 6), [1.6, -0.8, 0, 0, 0, 0], atol=0.02)


def test_burg_agrees_with_the_normal_equations_on_long_sounds() -> None:
    x = np.convolve(np.random.default_rng(1).standard_normal(200_000), [1.0, 0.5, -0.3, 0.2], "valid")
    r = np.array([x[: len(x) - k] @ x[k:] for k in range(9)])
    assert np.allclose(burg(x, 8), np.linalg.solve(toeplitz(r[:8]), r[1:]), atol=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_burg_never_grows(seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal(60).cumsum()
    roots = np.roots(np.append(1.0, -burg(x, 30)))
    assert np.abs(roots).max() < 1 + 1e-9


def test_burg_ends_where_nothing_is_left() -> None:
    assert len(burg(np.zeros(100), 10)) == 0
    assert np.allclose(burg(np.ones(100), 10), [1.0])


def test_prediction_error_is_the_innovation() -> None:
    e = np.random.default_rng(0).standard_normal(1000)
    x = np.asarray(lfilter([1.0], [1.0, -1.6, 0.8], e))
    assert np.allclose(prediction_error(x, np.array([1.6, -0.8])), e[2:])


@pytest.mark.parametrize(("hertz", "error"), [((50.0,), 0.01), ((440.0, 748.0), 1e-4), ((5e3, 8500.0, 15e3), 1e-6)])
def test_tones_go_on(hertz: tuple[float, ...], error: float) -> None:
    x = tones(4096 + 441, *hertz)
    assert np.abs(extrapolate(x[:4096], 441) - x[4096:]).max() < error


def test_tones_go_backwards() -> None:
    x = tones(4096 + 441, 440.0)
    assert np.abs(extrapolate(x[441:][::-1], 441)[::-1] - x[:441]).max() < 1e-3


def test_one_step_is_the_prediction() -> None:
    x = resonance(3000)
    assert np.isclose(extrapolate(x, 1, order=2)[0], burg(x, 2) @ x[:-3:-1])


def test_noise_sinks_without_innovation_and_keeps_its_level_with_it() -> None:
    e = np.random.default_rng(7)
    alone = [np.square(extrapolate(resonance(4096, i), 441)[200:]).mean() for i in range(20)]
    driven = [
        np.square(extrapolate(resonance(4096, i), 441, innovation=0.01 * e.standard_normal(441))).mean()
        for i in range(20)
    ]
    level = np.square(resonance(100_000)).mean()
    assert np.mean(alone) < 0.2 * level
    assert 0.7 < np.mean(driven) / level < 1.4


def test_innovation_does_not_disturb_silence_or_a_tone() -> None:
    e = np.random.default_rng(7).standard_normal(441)
    assert (extrapolate(np.zeros(1000), 441, innovation=e) == 0).all()
    x = tones(4096 + 441, 440.0)
    assert np.abs(extrapolate(x[:4096], 441, innovation=e) - x[4096:]).max() < 1e-3


@pytest.mark.parametrize("seed", range(20))
def test_innovation_adds_at_most_the_power_of_the_known(seed: int) -> None:
    rng = np.random.default_rng(seed)
    known, e = rng.standard_normal(4), rng.standard_normal(400)
    added = extrapolate(known, 400, innovation=e) - extrapolate(known, 400)
    assert np.square(added).mean() <= np.square(known).mean() * (1 + 1e-9)


@pytest.mark.parametrize("n", [1, 2])
def test_the_shortest_stretches_are_held(n: int) -> None:
    assert (extrapolate(np.full(n, 0.25), 5) == 0.25).all()


@pytest.mark.parametrize("n", [3, 4, 10, 100])
def test_short_stretches_stay_within_their_reach(n: int) -> None:
    following = extrapolate(np.sin(np.arange(n) / 3), 50)
    assert following.shape == (50,) and np.abs(following).max() < 2


def test_nothing_asked_nothing_given() -> None:
    assert extrapolate(np.ones(10), 0).shape == (0,)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="burg: order 5"):
        burg(np.zeros(5), 5)
    with pytest.raises(ValueError, match=r"needs \[n\] with n >= 1"):
        extrapolate(np.zeros(0), 5)
    with pytest.raises(ValueError, match="innovation is"):
        extrapolate(np.ones(10), 5, innovation=np.zeros(4))
