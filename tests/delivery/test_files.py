"""Files hold the samples that were delivered, and are the same bytes every time."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from soundctm import Clip, UserError
from soundctm.audio import read_recipe
from soundctm.audio.comments import read_comments
from soundctm.audio.io import STEP_16
from soundctm.delivery.formats import dithered, encode, write
from soundctm.delivery.process import FORMATS, clipped_samples
from soundctm.delivery.reading import word_length
from soundctm.delivery.vorbis import flac_with, ogg_with
from tests.delivery.making import SOUND, STORED, delivered, tags, written
from tests.oracles.sounds import encoded

# ---- samples


@pytest.mark.parametrize("form", FORMATS)
def test_the_samples_are_those_of_the_clip(form: str, made: Any, tmp_path: Path) -> None:
    path, done = written(form, made, tmp_path)
    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    assert (samples.T.shape, rate) == (done.clip.samples.shape, 44100) and word_length(path) == STORED[form]
    apart = np.abs(samples.T - done.clip.samples).max()
    assert apart <= {"wav16": 1.51 * STEP_16, "wav24": 2.0**-23, "wav32f": 0, "flac": 2.0**-23, "ogg": 0.05}[form]


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_call_gives_the_same_bytes(form: str, made: Any) -> None:
    first, again = encode(delivered(form, made), tags(made)), encode(delivered(form, made), tags(made))
    assert first == again
    assert first != encode(delivered(form, made, ceiling=-20), tags(made))


@pytest.mark.parametrize("form", FORMATS)
def test_the_recipe_is_in_every_file(form: str, made: Any, tmp_path: Path) -> None:
    path, _ = written(form, made, tmp_path)
    assert read_recipe(path) == made and Clip.load(path).recipe == made


def test_files_of_others_carry_none(tmp_path: Path) -> None:
    for kind, subtype in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)):
        path = tmp_path / f"{kind}-{subtype}"
        soundfile.write(path, SOUND.samples.T, 48000, format=kind, subtype=subtype)
        assert Clip.load(path).recipe is None


def test_a_recipe_that_cannot_be_read_is_named_and_damage_is_none(tmp_path: Path) -> None:
    for kind, write_comments in (("flac", flac_with), ("ogg", lambda data, told: ogg_with(data, told, 1))):
        bare = encoded(SOUND.samples.T, 44100, kind.upper(), "PCM_16" if kind == "flac" else "VORBIS")
        path = tmp_path / f"odd.{kind}"
        path.write_bytes(write_comments(bare, {"SOUNDCTM_RECIPE": "{}"}))
        with pytest.raises(UserError, match="cannot be read"):
            Clip.load(path)
        whole = path.read_bytes()
        for cut in (0, 3, 4, 20, 45, whole.index(b"RECIPE"), whole.index(b"{}") + 1):
            path.write_bytes(whole[:cut])
            assert read_comments(path) == {}


def test_a_suffix_that_is_not_the_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.flac"):
        write(delivered("flac"), tags(), tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []


def test_what_goes_beyond_full_scale_is_counted() -> None:
    clip = Clip(np.asarray([[0.5, 1.0, 1.01, -1.2]], dtype=np.float32), 8000)
    assert clipped_samples(clip, "wav24") == 2 and clipped_samples(clip, "wav32f") == 0


# ---- dither


def test_dither_keeps_the_mean_below_a_step_and_its_error_has_one_power() -> None:
    count = 40000
    for level in (0.0, 0.25, 0.5, 0.9):
        values = dithered(np.full((1, count), level * STEP_16), 3).astype(float)
        assert values.mean() == pytest.approx(level, abs=0.02)
        assert np.var(values - level) == pytest.approx(0.25, abs=0.02)  # 1/6 of the noise and 1/12 of the rounding


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=5, deadline=None)
def test_dither_is_a_function_of_its_seed(seed: int) -> None:
    samples = SOUND.samples[:, :500]
    assert np.array_equal(dithered(samples, seed), dithered(samples, seed))
    assert not np.array_equal(dithered(samples, seed), dithered(samples, seed ^ 1))


def test_full_scale_does_not_turn_over() -> None:
    assert dithered(np.asarray([[1.0, -1.0, 2.0, -2.0]]), 0).tolist()[0][2:] == [2**15 - 1, -(2**15)]
