"""Closed forms of the log-spectral distance."""

import math

import numpy as np
import pytest

from soundctm.metrics.lsd import log_spectral_distance


def noise(seed: int, n: int = 10_000) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(n)


@pytest.mark.parametrize("n", [1, 2048, 2100, 10_000])
def test_a_sound_is_at_no_distance_from_itself(n: int) -> None:
    assert log_spectral_distance(noise(0, n), noise(0, n)) == 0


@pytest.mark.parametrize("gain", [-12.0, -0.5, 3.0, 20.0])
def test_a_gain_is_its_decibels(gain: float) -> None:
    x = noise(0)
    assert math.isclose(log_spectral_distance(x * 10 ** (gain / 20), x), abs(gain), rel_tol=1e-9)


def test_it_is_symmetric() -> None:
    assert math.isclose(log_spectral_distance(noise(0), noise(1)), log_spectral_distance(noise(1), noise(0)))


def test_independent_white_noise_has_the_known_distance() -> None:
    """``ln |X|^2`` of Gaussian noise has the variance ``pi^2 / 6`` in every bin but the two real ones."""
    expected = 10 / math.log(10) * math.sqrt(2 * math.pi**2 / 6)
    assert math.isclose(log_spectral_distance(noise(0, 200_000), noise(1, 200_000)), expected, rel_tol=0.01)


def test_frames_are_averaged_after_the_root() -> None:
    """A gain on half of the frames counts half; a root over all of them would count ``sqrt(1/2)``."""
    x = noise(0, 2048 + 512 * 199)
    y = x.copy()
    y[512 * 100 + 2048 - 512 :] *= 10.0  # frames from 104 on lie wholly behind it, up to 99 wholly before
    assert abs(log_spectral_distance(y, x) - 10.0) < 0.5


def test_a_full_scale_sine_peaks_at_zero_and_silence_at_the_floor() -> None:
    """One bin and its two Hann neighbours (6 dB lower) rise above a floor of -20 dB; the others stay at it."""
    x = np.sin(2 * np.pi * 100 / 2048 * np.arange(2048))
    expected = math.sqrt((20**2 + 2 * (20 - 20 * math.log10(2)) ** 2) / 1025)
    assert math.isclose(log_spectral_distance(x, np.zeros(2048), floor_db=-20.0), expected, rel_tol=1e-6)


def test_silence_is_finite_and_bounded_by_the_floor() -> None:
    assert log_spectral_distance(np.zeros(5000), np.zeros(5000)) == 0
    assert 0 < log_spectral_distance(noise(0), np.zeros(10_000)) < 120


@pytest.mark.parametrize("shapes", [((10,), (11,)), ((2, 10), (2, 10)), ((0,), (0,))])
def test_shapes_that_cannot_be_compared_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="need two sounds"):
        log_spectral_distance(np.zeros(shapes[0]), np.zeros(shapes[1]))
