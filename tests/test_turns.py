"""Relatives whose start is the take's own, turned toward other noise."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundctm import SoundCTM, UserError
from soundctm.audio import Recipe
from soundctm.audio.recipe import Steering, Turn
from soundctm.revisions import shaped, turned
from soundctm.takes import take_seed
from tests.oracles.edits import PLANS, RISE, recipe_of


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.fixture(scope="module")
def take(model: SoundCTM) -> Recipe:
    return recipe_of(model.generate("heavy rain", seed=3, steps=2)[0])


def start(model: SoundCTM, recipe: Recipe) -> torch.Tensor:
    return model.engine.noise(recipe)[0]


@pytest.mark.parametrize("share", [0.0, 0.2, 0.7, 1.0])
def test_a_start_lies_on_the_quarter_circle_between_two_noises(model: SoundCTM, take: Recipe, share: float) -> None:
    own = start(model, take)
    aside = torch.randn(own.shape, generator=torch.Generator().manual_seed(take_seed(take, 5, 1)))
    wanted = math.cos(share * math.pi / 2) * own + math.sin(share * math.pi / 2) * aside
    found = start(model, turned(take, 5, share))
    assert torch.allclose(found, wanted, atol=1e-6)
    long = take.model_copy(update={"seconds": 60.0})
    assert float(start(model, turned(long, 5, share)).std()) == pytest.approx(1.0, abs=0.02)


def test_turned_by_nothing_it_is_the_take_and_turned_wholly_another(model: SoundCTM, take: Recipe) -> None:
    long = take.model_copy(update={"seconds": 60.0})
    own = start(model, long)
    same, other = start(model, turned(long, 1, 0.0)), start(model, turned(long, 1, 1.0))
    assert torch.equal(same, own)
    assert abs(float((own * other).mean())) < 0.02


def test_relatives_turn_each_to_its_own_side_and_so_do_theirs(model: SoundCTM, take: Recipe) -> None:
    long = take.model_copy(update={"seconds": 60.0})
    own = start(model, long)
    sides = [start(model, turned(long, i, 0.5)) - math.cos(math.pi / 4) * own for i in (1, 2, 3)]
    first, second = (start(model, turned(each, 1, 0.5)) for each in (long, turned(long, 1, 0.5)))
    sides.append(second - math.cos(math.pi / 4) * first)
    for i, one in enumerate(sides):
        for other in sides[:i]:
            assert abs(float((one * other).mean())) < 0.02


def test_what_is_added_on_the_way_is_turned_as_far(model: SoundCTM, take: Recipe) -> None:
    still = take.model_copy(update={"steps": 3, "seconds": 60.0})
    course = still.model_copy(update={"gamma": 0.5})
    mine, theirs = model.engine.noise(course), model.engine.noise(turned(course, 4, 0.3))
    assert len(mine) == 3 and torch.equal(theirs[0], start(model, turned(still, 4, 0.3)))
    for own, other in zip(mine, theirs, strict=True):
        assert float((own * other).mean()) == pytest.approx(math.cos(0.3 * math.pi / 2), abs=0.02)


def test_the_noise_of_a_recording_is_turned_too(model: SoundCTM) -> None:
    """A morph of two recordings begins with what they are inverted to."""
    plan = PLANS["morph"]()
    recipe = model.recipes("", seed=1, steps=2, plan=plan)[0]
    assert len(recipe.sources) == 2
    own, same, other = model.replay([recipe, turned(recipe, 1, 0.0), turned(recipe, 1, 0.7)], sources=plan.sources)
    assert own.digest == same.digest != other.digest


def test_a_turned_take_is_refined_like_any_other(model: SoundCTM, take: Recipe) -> None:
    relative = next(model.replay([turned(take, 4, 0.3)]))
    refined = recipe_of(model.refine(relative, steps=4))
    assert refined.turns == (Turn(variation=4, share=0.3),) and refined.steps == 4
    assert torch.equal(start(model, refined), start(model, recipe_of(relative)))


def test_a_take_is_varied_by_turns_in_its_own_steps_or_in_others(model: SoundCTM) -> None:
    first = model.generate("heavy rain", seed=3, steps=1)[0]
    recipe = recipe_of(first)
    here = [recipe_of(clip) for clip in model.vary(first, turn=0.3, takes=2)]
    assert here == [turned(recipe, 1, 0.3), turned(recipe, 2, 0.3)]
    assert recipe_of(model.vary(first, turn=0.3, takes=1, first=2)[0]) == here[1]
    there = model.vary(first, turn=0.3, takes=1, steps=4)[0]
    assert np.array_equal(there.samples, model.refine(next(model.replay(here[:1])), steps=4).samples)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_relatives_by_chance_of_a_turned_take_have_courses_of_their_own(model: SoundCTM, share: float) -> None:
    (other,) = model.vary(model.generate("heavy rain", seed=3, seconds=60.0)[0], turn=share, takes=1)
    ones = [recipe_of(clip) for clip in model.vary(other, 0.5, takes=3, steps=3)]
    starts, *courses = zip(*(model.engine.noise(recipe) for recipe in ones), strict=True)
    assert all(torch.equal(start, starts[0]) for start in starts)
    for first, second in ((one[i], one[j]) for one in courses for i, j in ((0, 1), (0, 2), (1, 2))):
        assert abs(float((first * second).mean())) < 0.02


def test_a_turn_in_other_steps_keeps_the_course(model: SoundCTM, take: Recipe) -> None:
    still = next(model.replay([take.model_copy(update={"gamma": 0.5})]))
    assert [recipe_of(model.vary(still, turn=0.2, takes=1, steps=n)[0]).gamma for n in (2, 3)] == [0.5, 0.5]


def test_a_relative_by_chance_is_turned_in_its_own_steps_only(model: SoundCTM, take: Recipe) -> None:
    relative = model.vary(next(model.replay([take])), 0.5, takes=1, steps=3)[0]
    (other,) = model.vary(relative, turn=0.3, takes=1)
    assert recipe_of(other) == turned(recipe_of(relative), 1, 0.3) and other.digest != relative.digest
    with pytest.raises(UserError, match="whose course is another at every number of steps"):
        model.vary(relative, turn=0.3, takes=1, steps=4)


@pytest.mark.parametrize("bad", [{"turn": 0.0}, {"turn": 1.5}, {"turn": math.nan}, {"turn": 0.2, "gamma": 0.3}])
def test_turns_of_nothing_are_refused(model: SoundCTM, take: Recipe, bad: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="turn"):
        model.vary(next(model.replay([take])), **bad)


def test_shaped_it_keeps_its_start_and_further_takes_have_their_own(take: Recipe) -> None:
    first, second = shaped(turned(take, 4, 0.3), (RISE,), Steering(), 2, 2, hears=True)
    assert first.turns == (Turn(variation=4, share=0.3),) and second.turns == ()


def test_in_a_morph_it_is_a_recording_so_nothing_of_it_is_lost(model: SoundCTM, take: Recipe) -> None:
    from soundctm import edits

    relative, other = model.replay([turned(take, 4, 0.3), take])
    plan = edits.morph(relative, other, 0.0)
    assert plan.recipe is None and plan.clips == (relative, other)


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        ((Turn(variation=0, share=0.5),), "variation is 0; accepted are 1 to"),
        ((Turn(variation=1, share=1.5),), "share is 1.5; accepted are 0.0 to 1.0"),
        ((Turn(variation=1, share=math.nan),), "share is nan"),
        ((Turn(variation=1, share=0.1),) * 17, "turns is 17; accepted are 0 to 16"),
    ],
)
def test_turns_that_cannot_be(model: SoundCTM, take: Recipe, turns: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        next(model.replay([take.model_copy(update={"turns": turns})]))


def test_a_recording_that_is_kept_whole_cannot_be_turned(model: SoundCTM) -> None:
    plan = PLANS["transform"]()
    recipe = model.recipes("", seed=1, plan=plan)[0]
    assert recipe.edit is not None
    whole = recipe.model_copy(update={"edit": recipe.edit.model_copy(update={"strength": 0.0})})
    with pytest.raises(UserError, match="nothing can steer or vary it"):
        next(model.replay([turned(whole, 1, 0.5)], sources=plan.sources))
