"""Loops that meet, and a score that sees where they do not."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from soundctm.control.seams import Seam, loop_crossfade, seam_score

RATE = 16000
N = 2 * RATE


def white(seed: int, n: int = N) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal((1, n))


def tone(hertz: float, n: int = N) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(n) / RATE)[None]


def score(samples: np.ndarray, at: int = 0) -> Seam:
    return seam_score(samples.astype(np.float32), RATE, at)


# ---- the score


def test_the_circle_may_be_turned() -> None:
    x = white(0) * np.linspace(0.2, 1, N)
    assert seam_score(x, RATE) == seam_score(np.roll(x, 5000, axis=1), RATE, 5000)
    assert seam_score(x, RATE, 10) == seam_score(x, RATE, N + 10)


def test_it_does_not_depend_on_the_direction_of_time_much() -> None:
    x = white(0) * np.linspace(0.2, 1, N)
    assert abs(score(x).level_db - score(x[:, ::-1]).level_db) < 1e-3


@pytest.mark.parametrize("hertz", [50.0, 440.0, 1000.0, 5000.0])
def test_whole_periods_have_no_seam_and_cut_ones_have(hertz: float) -> None:
    assert 0.9 < score(tone(hertz)).total < 1.1
    assert score(tone(hertz + 0.05)).total > 5
    hiss = 1e-3 / 0.1 * white(0)
    assert score(tone(hertz) + hiss).total < 2
    assert score(tone(hertz + 0.05) + hiss).total > 1.5 * score(tone(hertz) + hiss).total


def test_an_interior_point_of_a_cut_tone_is_ordinary() -> None:
    assert 0.9 < score(tone(440.05), at=N // 3).total < 1.1


def test_white_noise_scores_one_everywhere() -> None:
    totals = [score(white(seed)).total for seed in range(20)]
    assert 0.85 < np.median(totals) < 1.15 and max(totals) < 2


def test_silence_is_ordinary() -> None:
    assert score(np.zeros((1, N))) == Seam(0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("jump", [3.0, 6.0, 12.0])
def test_a_jump_of_level_is_measured(jump: float) -> None:
    found = score(white(0) * 10 ** (np.linspace(0, jump, N) / 20))
    assert abs(found.level_db - jump) < 0.8 and found.total > 0.5 * jump


def test_a_jump_of_colour_is_measured() -> None:
    x = white(0)
    dark = np.apply_along_axis(np.convolve, 1, x, np.ones(8) / np.sqrt(8), "same")
    share = np.linspace(0, 1, N)
    found, even = score(share * dark + (1 - share) * x), score(x)
    assert found.spectrum_db > 1.5 * even.spectrum_db and found.total > 1.4 * even.total


@pytest.mark.parametrize("place", [-2, -1, 0, 1])
def test_a_click_at_the_seam_stands_out(place: int) -> None:
    x = white(0)
    x[0, place] += 2.0
    assert score(x).waveform > 8 and score(x).total > 3 and score(x, at=N // 2).total < 2


def test_a_click_in_one_channel_is_enough() -> None:
    x = np.concatenate([white(0), white(1)])
    quiet = score(x).waveform
    x[1, 0] += 2.0
    assert score(x).waveform > 8 > 2 * quiet


def test_interior_points_of_recordings_score_about_one(shared_folder: Path) -> None:
    files = sorted((shared_folder / "data" / "esc10").rglob("5-*.ogg"))[::10]
    if not files:
        pytest.skip("no held-out recordings in the shared folder")
    sounds = [soundfile.read(path, always_2d=True) for path in files]
    totals = [seam_score(x.T, rate, len(x) * k // 7).total for x, rate in sounds for k in range(1, 7)]
    assert 0.8 < np.median(totals) < 1.25


def test_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 256"):
        seam_score(np.zeros((1, 255)), RATE)
    assert seam_score(white(0, 256), RATE).total > 0


# ---- the crossfade


def wave(samples: np.ndarray) -> Tensor:
    return torch.from_numpy(samples).float()[None]


def test_a_periodic_sound_passes() -> None:
    x = wave(tone(100.0, n=4800))  # periods of 160 samples
    assert torch.allclose(loop_crossfade(x, 3200), x[..., :3200], atol=1e-5)


def test_the_end_flows_into_the_start() -> None:
    x = wave(tone(123.4, n=4000))
    loop = loop_crossfade(x, 3200)
    assert loop.shape == (1, 1, 3200)
    assert torch.equal(loop[..., 0], x[..., 3200]) and torch.equal(loop[..., 800:], x[..., 800:3200])
    around = torch.cat([loop[0, 0], loop[0, 0]])
    assert around.diff().abs().max() < 1.5 * x.diff().abs().max()
    assert score(loop[0].numpy()).total < 0.05 * score(x[0, :, :3200].numpy()).total


def test_noise_keeps_its_level() -> None:
    power = torch.stack([loop_crossfade(wave(white(seed, n=3000)), 2000)[0, 0].square() for seed in range(200)]).mean(0)
    assert (10 * torch.log10(power.reshape(-1, 100).mean(1) / 0.01)).abs().max() < 0.5


def test_opposite_phase_does_not_blow_up() -> None:
    x = wave(tone(100.0, n=4000))
    x[..., 3200:] = -x[..., :800]
    assert loop_crossfade(x, 3200).abs().max() < 0.75


def test_silence_and_no_continuation() -> None:
    assert (loop_crossfade(torch.zeros(1, 1, 300), 200) == 0).all()
    x = wave(white(0))
    assert torch.equal(loop_crossfade(x, N), x)


def test_items_of_a_batch_do_not_meet() -> None:
    x = torch.cat([wave(white(0, n=3000)), wave(tone(100.0, n=3000))])
    assert torch.allclose(loop_crossfade(x, 2000), torch.cat([loop_crossfade(v[None], 2000) for v in x]), atol=1e-7)


@pytest.mark.parametrize("length", [99, 201, 0])
def test_lengths_that_do_not_fit_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match="loop_crossfade"):
        loop_crossfade(torch.zeros(1, 1, 200), length)
