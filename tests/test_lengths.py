"""Sounds without ends, and sounds longer than a model knows."""

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import Clip, SoundCTM, edits
from soundctm.autoencoder import Normalizer
from soundctm.performance import Performance
from soundctm.takes import Engine
from tests.oracles.edits import A, levels_of, recipe_of
from tests.oracles.gaussian import GaussianStudent, text
from tests.oracles.linear import InterpolatingAutoencoder
from tests.oracles.recordings import recording


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.mark.parametrize("seconds", [0.1, 0.5, 1.0, 4.0])
def test_a_loop_is_whole_frames(model: SoundCTM, seconds: float) -> None:
    clip = model.generate("rain", seconds=seconds, seed=3, steps=2, loop=True)[0]
    frames = math.ceil(round(seconds * 8000) / 128)
    assert clip.samples.shape == (1, frames * 128) and clip.loops
    assert recipe_of(clip).seconds == frames * 128 / 8000
    (again,) = model.replay([recipe_of(clip)])
    assert np.array_equal(again.samples, clip.samples)


def test_a_loop_is_decoded_as_a_circle(model: SoundCTM) -> None:
    """With a decoder of straight lines the seam has no step; a line that is played round has one."""
    autoencoder, one = InterpolatingAutoencoder(hop=32), torch.ones(1)
    engine = Engine(
        GaussianStudent(), autoencoder, Normalizer(0 * one, 0.5 * one), model.config, model.device,
        lambda prompt: text(0.0, dtype=torch.float32),
    )  # fmt: skip
    for seed in range(3):
        recipe = recipe_of(model.generate("rain", seed=seed, seconds=0.4, loop=True)[0])
        recipe = recipe.model_copy(update={"seconds": 0.4})  # 100 frames of 32
        played = {
            loop: Performance(engine, recipe.model_copy(update={"loop": loop}), {}, lambda: None).clip().samples[0]
            for loop in (True, False)
        }
        steepest = np.abs(np.diff(played[True])).max()
        assert abs(played[True][0] - played[True][-1]) <= steepest * 1.01
        assert abs(played[False][0] - played[False][-1]) > 2 * steepest or seed != 0
        assert played[True].shape == played[False].shape == (3200,) and steepest < 0.2


def test_the_student_sees_a_loop_as_a_circle(model: SoundCTM) -> None:
    _, frames = levels_of(model, lambda: model.generate("rain", seed=3, steps=2, loop=True))
    assert frames == [63] * 4  # two windows, half a turn apart, at each of two steps


def test_a_loop_can_be_refined(model: SoundCTM) -> None:
    clip = model.generate("rain", seed=3, loop=True)[0]
    refined = model.refine(clip, steps=2)
    direct = model.generate("rain", seed=3, loop=True, steps=2)[0]
    assert np.array_equal(refined.samples, direct.samples) and refined.loops


@pytest.mark.parametrize("loop", [False, True])
def test_long_sounds_are_made_in_windows(model: SoundCTM, loop: bool) -> None:
    """The tiny model knows three seconds, 188 frames."""
    made: list[Clip] = []
    _, frames = levels_of(model, lambda: made.extend(model.generate("rain", seconds=7.7, seed=3, steps=1, loop=loop)))
    assert set(frames) == {188} and len(frames) >= 5
    assert made[0].samples.shape[1] == (482 * 128 if loop else 61600)
    assert np.isfinite(made[0].samples).all()
    _, frames = levels_of(model, lambda: model.generate("rain", seconds=3.0, seed=3, steps=2))
    assert frames == [188, 188]


def test_long_recordings_are_worked_on_in_windows(model: SoundCTM) -> None:
    long = recording(1, seconds=4.0)
    plans = [
        edits.fill(long, 1.0, 2.0), edits.join(recording(1, seconds=2.0), recording(2, seconds=2.0), 0.5),
        edits.transform(long, 0.5), edits.morph(long, A, 0.5), edits.morph(A, long, 0.5),
    ]  # fmt: skip
    for plan in plans:
        _, frames = levels_of(model, partial(model.edit, plan, steps=1, seed=1))
        assert max(frames) <= 188, plan.edit.kind
