"""A take says in every program that it is synthetic, what made it, and under which licence."""

from pathlib import Path

import numpy as np
import pytest
from wavinfo import WavInfoReader

from soundctm.audio import Clip
from soundctm.audio.io import read_chunk
from tests.oracles.recordings import recording
from tests.oracles.takes import recipe

PROMPT = "rain, dann Donner 雷"
TAKE = Clip(recording().samples, 8000, recipe(prompt=PROMPT))


def test_others_read_what_made_a_take(tmp_path: Path) -> None:
    found = WavInfoReader(TAKE.save(tmp_path / "a.wav", "CC0 1.0"), info_encoding="utf-8").info
    for part in ("SYNTHETIC", "mini 0123456789abcdef", "licence: CC0 1.0", "seed 7, take 3, steps 16", PROMPT):
        assert part in found.comment
    assert found.software == "soundctm 0.1.0" and found.keywords == "synthetic"
    assert found.copyright == "licence of the model: CC0 1.0"


def test_a_licence_that_nobody_stated_is_no_copyright(tmp_path: Path) -> None:
    found = WavInfoReader(TAKE.save(tmp_path / "a.wav"), info_encoding="utf-8").info
    assert found.copyright is None and "SYNTHETIC" in found.comment


def test_a_recording_says_nothing(tmp_path: Path) -> None:
    assert recording().chunks == {}
    assert read_chunk(recording().save(tmp_path / "a.wav", "CC0 1.0"), b"LIST") is None


@pytest.mark.parametrize("loop", [False, True])
def test_words_change_neither_sound_nor_recipe_and_are_the_same_each_time(loop: bool, tmp_path: Path) -> None:
    clip = Clip(TAKE.samples, 8000, recipe(prompt="a\x00b", model="odd\nname", loop=loop))
    first, second = (clip.save(tmp_path / name, "ours\r\n, all") for name in ("a.wav", "b.wav"))
    again = Clip.load(first)
    assert first.read_bytes() == second.read_bytes() and again.digest == clip.digest and again.recipe == clip.recipe
    assert np.array_equal(again.samples, Clip.load(clip.save(tmp_path / "c.wav")).samples)
    comment = WavInfoReader(first, info_encoding="utf-8").info.comment
    assert comment.isprintable() and comment.endswith('prompt "a b"')


def test_a_folder_of_a_model_is_told_by_its_last_part(tmp_path: Path) -> None:
    clip = Clip(TAKE.samples, 8000, recipe(model="/home/ann/models/rain"))
    info = WavInfoReader(clip.save(tmp_path / "a.wav"), info_encoding="utf-8").info
    assert "model rain 0123456789abcdef" in info.comment and "ann" not in info.comment
