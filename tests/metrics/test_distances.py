"""Closed forms of the distances, and measures of known signals."""

import math

import numpy as np
import pytest
import torch

from soundctm.metrics.evaluator import Evaluator, EvaluatorConfig, Listener, load_listener, save_evaluator
from soundctm.metrics.frechet import frechet_distance
from soundctm.metrics.kernel import kernel_distance
from soundctm.metrics.signal import level_db, modulation_rate, onset_times, spectral_centroid

RATE = 44100


def test_frechet_of_diagonal_gaussians() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((200_000, 3)), 1 + rng.standard_normal((200_000, 3)) * [1.0, 2.0, 0.5]
    expected = 3 + sum((1 - s) ** 2 for s in (1.0, 2.0, 0.5))
    assert math.isclose(frechet_distance(a, b), expected, rel_tol=0.02)
    assert abs(frechet_distance(a, a)) < 1e-9


def test_kernel_distance_is_the_double_sum() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((5, 4)), rng.standard_normal((7, 4)) + 0.5
    k = lambda x, y: (x @ y / 4 + 1) ** 3
    within = [np.mean([k(x[i], x[j]) for i in range(len(x)) for j in range(len(x)) if i != j]) for x in (a, b)]
    across = np.mean([k(x, y) for x in a for y in b])
    assert math.isclose(kernel_distance(a, b), sum(within) - 2 * across, rel_tol=1e-9)


def test_kernel_distance_is_unbiased() -> None:
    rng = np.random.default_rng(2)
    values = [kernel_distance(rng.standard_normal((20, 8)), rng.standard_normal((30, 8))) for _ in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 20


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_distances_refuse_what_they_cannot_compare(distance) -> None:
    with pytest.raises(ValueError, match="need two"):
        distance(np.zeros((5, 3)), np.zeros((5, 4)))


def test_centroid_and_level_of_a_sine() -> None:
    x = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    assert abs(2 ** spectral_centroid(x, RATE) - 1000) < 20
    assert abs(level_db(x) - 20 * math.log10(0.5 / math.sqrt(2))) < 0.05


@pytest.mark.parametrize("count", [1, 3, 5])
def test_onsets_of_clicks_are_counted(count: int) -> None:
    x = 1e-4 * np.random.default_rng(0).standard_normal(5 * RATE)
    starts = 0.3 + 0.7 * np.arange(count)
    for start in starts:
        n = int(start * RATE)
        x[n : n + 4000] += np.random.default_rng(1).standard_normal(4000) * np.exp(-np.arange(4000) / 500)
    assert np.allclose(onset_times(x, RATE), starts, atol=0.03)


def test_faster_modulation_measures_faster() -> None:
    t, noise = np.arange(4 * RATE) / RATE, np.random.default_rng(0).standard_normal(4 * RATE)
    rates = [modulation_rate(noise * (1 + np.sin(2 * np.pi * f * t)), RATE) for f in (1.0, 4.0, 12.0)]
    assert rates[0] < rates[1] < rates[2]


def test_evaluator_round_trip_and_any_length(tmp_path) -> None:
    torch.manual_seed(0)
    evaluator = Evaluator(EvaluatorConfig(classes=("a", "b", "c"), widths=(4, 8), embedding=16)).eval()
    save_evaluator(evaluator, tmp_path)
    sounds = [np.random.default_rng(i).standard_normal(n).astype(np.float32) for i, n in enumerate((30_000, 90_000))]
    ours, theirs = Listener(evaluator).hear(sounds), load_listener(tmp_path).hear(sounds)
    assert ours[0].shape == (2, 16) and ours[1].shape == (2, 3)
    assert np.allclose(ours[1].sum(1), 1, atol=1e-5) and np.allclose(ours[1], theirs[1], atol=0.01)
    assert set(Listener(evaluator).names(sounds, among=["b"])) == {"b"}
