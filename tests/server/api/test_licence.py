"""A server's files say where their sounds come from, and under which licence those of their model are."""

from pathlib import Path

import numpy as np
import pytest

from soundctm.audio import Clip
from soundctm.audio.comments import RECIPE_COMMENT, read_comments
from soundctm.delivery.gather import gather
from soundctm.delivery.provenance import NOT_STATED, licence_in
from soundctm.delivery.tags import COMMENTS
from soundctm.folder import card
from soundctm.server.api.renderings import Format, render
from tests.oracles.takes import recipe


@pytest.mark.parametrize("form", ["wav24", "wav32f"])
def test_a_rendered_wav_states_the_licence_of_its_models_card(form: Format) -> None:
    samples = 0.1 * np.ones((1, 800), np.float32)
    stated = licence_in(card("mini"))
    assert stated != NOT_STATED
    data = render(Clip(samples, 44100, recipe(model="mini")), form)
    assert stated.encode() in data and NOT_STATED.encode() not in data
    assert NOT_STATED.encode() in render(Clip(samples, 44100, recipe(model="nowhere/at-all")), form)


@pytest.mark.parametrize("form", ["flac", "ogg"])
def test_a_rendered_flac_or_ogg_says_what_a_wav_says(form: Format, tmp_path: Path) -> None:
    clip = Clip(0.1 * np.ones((1, 8000), np.float32), 8000, recipe(model="mini", loop=True))
    path = tmp_path / f"sound.{form}"
    path.write_bytes(render(clip, form, "44100"))
    told = read_comments(path)
    assert told["COMMENT"].encode() in render(clip, "wav24") and told["TITLE"] == "heavy rain"
    assert told["LICENSE"] == licence_in(card("mini")) and told["SYNTHETIC"] == "yes" and told["MODEL"] == "mini"
    assert (told["LOOPSTART"], told["LOOPLENGTH"]) == ("0", "44100")
    # Whoever delivers the file takes none of it for the words of others.
    assert told.keys() - COMMENTS == {RECIPE_COMMENT, "LOOPSTART", "LOOPLENGTH"}
    carried = gather(path, prompt="heavy rain", loops=True)
    assert (carried.remarks, carried.keywords, carried.creator, carried.copyright) == ({}, (), "", "")


@pytest.mark.parametrize("form", ["flac", "ogg"])
def test_a_recording_is_not_called_synthetic(form: Format, tmp_path: Path) -> None:
    path = tmp_path / f"sound.{form}"
    path.write_bytes(render(Clip(0.1 * np.ones((1, 8000), np.float32), 8000), form))
    assert read_comments(path) == {}
