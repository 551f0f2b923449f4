"""Laws of the training data, averages and spectral distances."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from soundctm.conditioning import Conditioning
from soundctm.training.data.dataset import DROP_WORD, SENTENCE_ONLY, leave_out_words
from soundctm.training.data.recordings import STATIONARY, Recording, endless, fit_length, vary
from soundctm.training.ema import EMA
from soundctm.training.losses import SpectralDistance, energy_distance


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_words_are_left_out_but_never_the_sentence() -> None:
    whole = Conditioning(torch.zeros(4000, 5, 2), torch.ones(4000, 5, dtype=torch.bool))
    whole.mask[:, 4] = False
    mask = leave_out_words(whole, np.random.default_rng(0)).mask
    assert bool(mask[:, 0].all()) and not bool(mask[:, 4].any())
    assert abs(float(mask[:, 1:4].float().mean()) - (1 - SENTENCE_ONLY) * (1 - DROP_WORD)) < 0.02


def test_ema_closed_form() -> None:
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    ema = EMA(module, 0.9)
    nn.init.ones_(module.weight)
    for _ in range(10):
        ema.update(module)
    (average,) = ema.module.parameters()
    assert math.isclose(float(average), 1 - 0.9**10, rel_tol=1e-5)
    with pytest.raises(ValueError, match="outside"):
        EMA(module, 1.0)


def test_energy_distance_prefers_the_right_spread() -> None:
    distance = SpectralDistance(44100, (256, 512))
    target = torch.randn(24, 4096, generator=rng(0))
    draws = [torch.randn(24, 4096, generator=rng(i)) for i in (1, 2)]
    faithful = energy_distance(distance, target, *draws).mean()
    same = energy_distance(distance, target, draws[0], draws[0]).mean()
    louder = energy_distance(distance, target, 2 * draws[0], 2 * draws[1]).mean()
    assert faithful < same and faithful < louder


def test_varied_recordings_keep_their_length(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "x.ogg", next(iter(STATIONARY)), ("x",), False)
    x = np.sin(np.arange(60_000) / 20).astype(np.float32)
    clips = [vary(recording, x, np.random.default_rng(i), 50_000) for i in range(3)]
    assert all(len(clip) == 50_000 and np.abs(clip).max() <= 1.0 for clip in clips)
    assert len(fit_length(x, 70_000)) == 70_000 and fit_length(x, 70_000)[60_000:].max() == 0


def test_steady_sounds_go_on_to_the_end_and_others_begin_where_they_began() -> None:
    noise = np.random.default_rng(0).standard_normal(60_000).astype(np.float32)
    recorded = np.pad(0.1 * np.convolve(noise, np.ones(8) / 8, "same"), (3_000, 40_000))  # silence around it
    for seed in range(4):
        clip = endless(recorded, 200_000, np.random.default_rng(seed))
        levels = np.sqrt(np.square(clip.reshape(-1, 2_000)).mean(axis=1))
        assert levels.min() > 0.7 * levels.max()
        assert np.abs(np.diff(clip)).max() <= 1.5 * np.abs(np.diff(recorded)).max()  # no click at a joint
    barked = vary(Recording(Path("x.ogg"), "dog", ("x",), False), recorded, np.random.default_rng(0), 200_000)
    assert np.abs(barked[:2_000]).max() < 1e-3 and np.abs(barked[-50_000:]).max() == 0
