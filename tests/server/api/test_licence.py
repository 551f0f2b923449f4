"""A server's files say under which licence the sounds of their model are."""

import numpy as np
import pytest

from soundctm.audio import Clip
from soundctm.delivery.provenance import NOT_STATED, licence_in
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
