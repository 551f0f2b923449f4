"""Files and values that are no sounds are refused in one line; those with odd names are sounds all the same."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundctm.audio import Clip, Recipe
from soundctm.audio.io import RATES, audio_facts, read_audio
from soundctm.audio.recipe import Steering
from soundctm.errors import UserError
from tests.oracles.recordings import recording

LATIN = "caf\udce9"  # how Python reads the bytes caf\xe9, which are no UTF-8


def said_of(path: Path) -> str:
    """The one line about a file that is refused, as a terminal shows it."""
    with pytest.raises(UserError) as caught:
        read_audio(path)
    said = str(caught.value).encode("utf-8", "backslashreplace").decode()
    assert "\n" not in said and "BufferedReader" not in said
    return said


# ---- names


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_every_kind_of_file_is_the_same_under_a_name_that_is_no_text(tmp_path: Path, suffix: str) -> None:
    plain, latin = tmp_path / f"a.{suffix}", tmp_path / f"{LATIN}.{suffix}"
    soundfile.write(plain, recording(rate=44100, channels=2).samples.T, 44100)
    wanted, rate = soundfile.read(plain, dtype="float32", always_2d=True)
    facts = soundfile.info(plain)
    plain.rename(latin)
    assert b"caf\xe9" in os.fsencode(latin)
    samples, found = read_audio(latin)
    assert np.array_equal(samples, wanted.T) and found == rate
    assert audio_facts(latin) == (facts.samplerate, facts.subtype)


def test_a_recipe_under_such_a_name_is_read_or_named(tmp_path: Path) -> None:
    recipe = Recipe(
        prompt="rain", seed=7, take=0, steps=1, seconds=1.0, omega=3.0, nu=1.0, gamma=0.0, model="mini",
        model_hash="0" * 16, sample_rate=8000, version="0",
    )  # fmt: skip
    path = Clip(recording().samples, 8000, recipe).save(tmp_path / "a.wav").rename(tmp_path / f"{LATIN}.wav")
    assert Clip.load(path).recipe == recipe
    path.write_bytes(path.read_bytes().replace(b'"steps":1', b'"stops":1'))
    with pytest.raises(UserError, match=r"caf.\.wav carries a recipe that cannot be read \(steps: it is missing"):
        Clip.load(path)


def test_what_is_no_sound_is_named_whatever_it_is_called(tmp_path: Path) -> None:
    for name in ("text.wav", f"{LATIN}.wav"):
        (tmp_path / name).write_bytes(b"no sound")
        assert "is not a readable audio file (Format not recognised.); WAV" in said_of(tmp_path / name)
    assert r"caf\udce9.wav" in said_of(tmp_path / f"{LATIN}.wav")


def test_samples_without_a_header_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(1000))
    assert "a.raw is not a readable audio file" in said_of(tmp_path / "a.raw")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    recording_of = Clip(recording().samples, 8000)
    recording_of.save(path).chmod(0)
    assert "Permission denied; check its permissions" in said_of(path)


# ---- rates


@pytest.mark.parametrize("rate", RATES)
def test_the_lowest_and_the_highest_rate_are_read(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(1000), rate)
    assert Clip.load(tmp_path / "a.wav").sample_rate == rate


@pytest.mark.parametrize("rate", [1, 100, RATES[0] - 1, RATES[1] + 1])
def test_other_rates_are_refused_with_what_is_accepted(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(1000), rate)
    said = said_of(tmp_path / "a.wav")
    assert f"{rate:,} Hz; accepted are 3,000 to 768,000 Hz: bring it to another rate first" in said


def test_a_rate_of_numpy_becomes_plain(tmp_path: Path) -> None:
    clip = Clip(recording().samples, np.int32(8000))  # type: ignore[arg-type]
    assert type(clip.sample_rate) is int and json.dumps(clip.sample_rate) == "8000"


def test_a_sound_of_no_length_is_a_clip() -> None:
    assert Clip(np.zeros((1, 0), np.float32), 8000).duration == 0


# ---- recipes and steering


def test_a_recipe_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(UserError, match=r"^a\.wav carries a recipe that cannot be read .*; save the sound without"):
        Recipe.from_json(b'{"prompt":' + b"[" * 100_000, "a.wav")


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '"x"', '{"version": 5}', '{"version": null}'])
def test_what_is_no_recipe_says_what_to_do(text: str) -> None:
    with pytest.raises(UserError, match=r"save the sound without its recipe, in another program$") as caught:
        Recipe.from_json(text, "a.wav")
    assert "\n" not in str(caught.value) and "Input should" not in str(caught.value)


def test_steering_takes_the_numbers_of_numpy() -> None:
    steering = Steering(auditions=np.int64(4), strength=np.float32(0.5), events=None)  # type: ignore[arg-type]
    assert (type(steering.auditions), type(steering.strength)) == (int, float)
    assert Steering.model_validate_json(steering.model_dump_json()) == steering == Steering(auditions=4, strength=0.5)
    for wrong in (np.float64(2.5), np.bool_(True), np.str_("4")):
        with pytest.raises(ValueError, match="auditions"):
            Steering(auditions=wrong)  # type: ignore[arg-type]
