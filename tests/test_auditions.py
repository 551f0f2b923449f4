"""Takes whose noise is chosen by auditions, and what is made of them afterwards."""

from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import Recipe, SoundCTM, UserError
from soundctm.audio.recipe import AUDITIONS, Steering
from soundctm.control.target_loss import deviations
from soundctm.performance import work
from soundctm.revisions import looped, shaped
from soundctm.trajectory import jump
from tests.oracles.edits import PLANS, RISE, recipe_of
from tests.oracles.paper import tiny_paper_model

FREE = Steering(strength=0.0, fader=0.0)  # steers nothing: what is heard is the noise that a take begins with


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


def kept(auditions: int, shortlist: int | None) -> Steering:
    """A choice of noise, and nothing that corrects it."""
    return FREE.model_copy(update={"auditions": auditions, "shortlist": shortlist})


def unchosen(recipe: Recipe) -> Recipe:
    """As recipes were before they named the noise that was chosen."""
    return recipe.model_copy(update={"audition": None})


def chosen(model: SoundCTM) -> Recipe:
    """The recipe of a take that begins with another noise than its own."""
    recipe = recipe_of(model.generate("rain", seed=3, targets=[RISE], steering=kept(12, 1))[0])
    assert recipe.audition
    return recipe


def test_of_the_nearest_the_one_that_fits_its_words_begins(model: SoundCTM) -> None:
    """Among all auditions it is the best match there is; among fewer, the best of the nearest."""
    recipes = [recipe_of(model.generate("rain", seed=3, targets=[RISE], steering=kept(1, 1))[0])]
    for shortlist in (1, 3, 12):
        recipes += [recipe_of(model.generate("rain", seed=3, targets=[RISE], steering=kept(12, shortlist))[0])]
    alone, nearest, short, whole = (next(model.replay([unchosen(recipe)])) for recipe in recipes)
    engine = model.engine
    assert engine.match is not None
    heard = []
    with torch.no_grad():
        for i in range(12):
            noise = engine.noise(recipes[0].model_copy(update={"audition": i}))[0]
            z = jump(engine.student, 80.0 * noise[None], 80.0, 0.002, recipes[0].omega, engine.encode("rain"))
            x = engine.codec(recipes[0]).decode(z, round(recipes[0].seconds * 8000))[0].numpy()
            heard.append((deviations(x, 8000, [RISE])[0], engine.match("rain", z), x))
    by_nearness = sorted(heard, key=lambda each: each[0])
    for made, count in ((nearest, 1), (short, 3), (whole, 12)):
        wanted = max(by_nearness[:count], key=lambda each: each[1])[2]
        assert np.allclose(made.samples, wanted, atol=1e-4)
    assert np.allclose(alone.samples, heard[0][2], atol=1e-4)
    assert len({made.digest for made in (nearest, short, whole)}) > 1, "words decide something here"
    assert short.digest != whole.digest


def test_a_recipe_from_before_there_was_a_shortlist_takes_the_nearest(model: SoundCTM) -> None:
    clip = model.generate("rain", seed=3, targets=[RISE], steering=kept(12, 1))[0]
    before = unchosen(recipe_of(clip)).model_copy(update={"steering": kept(12, None)})
    assert next(model.replay([before])).digest == clip.digest


def test_a_take_of_its_own_is_kept_when_it_is_shaped(model: SoundCTM) -> None:
    free = recipe_of(model.generate("rain", seed=3)[0])
    (mine,) = shaped(free, (RISE,), Steering(), 2, 1, hears=True)
    assert mine.steering.auditions == 1
    assert recipe_of(model.generate("rain", seed=3, targets=[RISE])[0]).steering.auditions == AUDITIONS
    assert recipe_of(model.edit(PLANS["fill"](), steps=2, seed=5, targets=[RISE])[0]).steering.auditions == 1


def test_a_take_names_the_noise_that_was_chosen(model: SoundCTM) -> None:
    """Made again by it, it is the same without any audition."""
    recipe = chosen(model)
    again, anew = model.replay([recipe, unchosen(recipe)])
    assert again.digest == anew.digest and anew.recipe == recipe
    assert (work(recipe), work(unchosen(recipe))) == (1, 13)


@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_the_noise_of_later_steps_is_that_of_the_take(model: SoundCTM, gamma: float) -> None:
    recipe = chosen(model).model_copy(update={"steps": 3, "gamma": gamma})
    mine, own = model.engine.noise(recipe), model.engine.noise(unchosen(recipe))
    assert not torch.equal(mine[0], own[0]) and len(mine) == (3 if gamma else 1)
    assert all(torch.equal(a, b) for a, b in zip(mine[1:], own[1:], strict=True))


def test_a_take_that_was_chosen_is_shaped_from_the_same_noise(model: SoundCTM) -> None:
    """Shaping that corrects nothing gives the sound that was heard; further takes have their own noise."""
    recipe = chosen(model)
    first, second = model.replay(shaped(recipe, (RISE,), FREE, 1, 2, hears=True))
    own = unchosen(recipe).model_copy(update={"take": 1, "targets": ()})
    assert first.digest == next(model.replay([recipe])).digest
    assert second.digest == next(model.replay([own])).digest


def test_a_shape_that_says_auditions_chooses_anew_and_by_words(model: SoundCTM) -> None:
    (anew,) = shaped(chosen(model), (RISE,), Steering(auditions=6), 1, 1, hears=True)
    assert anew.audition is None and anew.steering.shortlist == 4
    (own,) = shaped(chosen(model), (RISE,), Steering(auditions=1), 1, 1, hears=True)
    assert own.audition is None and work(own) == 1, "the seed's"
    (nearest,) = shaped(chosen(model), (RISE,), Steering(auditions=6), 1, 1, hears=False)
    assert nearest.steering.shortlist == 1


def test_a_take_that_was_chosen_is_looped_from_the_same_noise(model: SoundCTM) -> None:
    recipe = chosen(model)
    loop = looped(recipe, model.engine.whole_frames(recipe.seconds, 600.0), 2)
    assert torch.equal(model.engine.noise(loop)[0], model.engine.noise(recipe)[0])
    assert recipe_of(next(model.replay([loop]))).audition == recipe.audition


def test_what_keeps_a_recording_has_no_choice_of_noise(model: SoundCTM) -> None:
    with pytest.raises(UserError, match="auditions is 3, but an edit begins with the noise of its seed"):
        model.edit(PLANS["fill"](), steps=2, seed=5, targets=[RISE], steering=Steering(auditions=3))
    edited = recipe_of(model.edit(PLANS["fill"](), steps=2, seed=5)[0])
    with pytest.raises(UserError, match="auditions is 3, but an edit begins with the noise of its seed"):
        shaped(edited, (RISE,), Steering(auditions=3), 2, 1, hears=True)


def test_a_model_that_cannot_hear_takes_the_nearest_and_refuses_a_shortlist_at_once() -> None:
    deaf = tiny_paper_model()
    assert not deaf.hears
    settled = deaf.recipes("rain", seed=3, seconds=1.0, targets=[RISE])[0].steering
    assert (settled.auditions, settled.shortlist) == (AUDITIONS, 1)
    with pytest.raises(UserError, match="shortlist is 2, but this model cannot hear"):
        deaf.recipes("rain", seed=3, seconds=1.0, targets=[RISE], steering=Steering(shortlist=2))


@pytest.mark.parametrize("audition", [-1, 256])
def test_an_audition_that_there_cannot_be_is_refused(model: SoundCTM, audition: int) -> None:
    recipe = chosen(model).model_copy(update={"audition": audition})
    with pytest.raises(UserError, match=f"audition is {audition}; accepted are 0 to 255"):
        next(model.replay([recipe]))
