"""Takes that come out louder than a file holds."""

from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import Clip, Recipe, SoundCTM, edits
from soundctm.folder import read_parts
from soundctm.performance import Performance
from tests.oracles.edits import A

LOUDER = 40.0  # times as loud as the tiny model is by itself


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    """A model whose decoder answers far beyond full scale."""
    parts = read_parts(tiny_folder)
    autoencoder = parts.autoencoder
    decode = autoencoder.decode

    class Loud(type(autoencoder)):  # type: ignore[misc]
        """The same decoder, turned up."""

        def decode(self, *args: object, **options: object) -> torch.Tensor:
            return LOUDER * decode(*args, **options)  # type: ignore[operator, no-any-return]

    autoencoder.__class__ = Loud
    return SoundCTM(parts, "tiny")


def raw(model: SoundCTM, recipe: Recipe) -> np.ndarray:
    """What the decoder makes of a recipe's latents."""
    performance = Performance(model.engine, recipe, {}, lambda: None)
    with torch.no_grad():
        samples: np.ndarray = performance._waveform(performance.begin().run())[0].numpy()
    return samples


@pytest.mark.parametrize("loop", [False, True])
def test_a_loud_take_is_turned_down_as_a_whole(model: SoundCTM, loop: bool) -> None:
    clip = model.generate("rain", steps=2, seed=4, loop=loop)[0]
    assert clip.recipe is not None
    wanted = raw(model, clip.recipe)
    assert np.abs(wanted).max() > 2
    np.testing.assert_allclose(clip.samples, wanted / np.abs(wanted).max(), rtol=1e-5, atol=1e-7)


def test_beside_a_recording_what_is_invented_gives_way_and_what_is_kept_stays(model: SoundCTM) -> None:
    (filled,) = model.edit(edits.fill(A, 0.3, 0.6), "rain", steps=2, seed=4)
    a = A.samples[0]
    np.testing.assert_array_equal(filled.samples[0, :2400], a[:2400])
    np.testing.assert_array_equal(filled.samples[0, 4800:], a[4800:])
    invented = np.abs(filled.samples[0, 2400:4800])
    assert 0.5 < invented.max() <= 1.0
    assert (invented >= 1.0).mean() < 0.01  # not cut off


def test_a_quiet_clip_is_as_it_was(model: SoundCTM) -> None:
    quiet = Clip(0.01 * A.samples, A.sample_rate)
    (kept,) = model.edit(edits.transform(quiet, 0.0), "", steps=1)
    assert np.abs(kept.samples).max() <= 1.0
