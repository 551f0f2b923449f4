"""Takes of prompts that say a number begin with a noise in which one step hears as many events."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from soundctm import Recipe, SoundCTM, UserError
from soundctm.audio.events import counts_of_power, events_heard, miscounted
from soundctm.audio.recipe import COUNTING, Steering
from soundctm.backbones import DiT
from soundctm.control.counted import NEAR
from soundctm.engines import Precision
from soundctm.metrics.signal import onset_times
from soundctm.performance import work
from soundctm.revisions import shaped
from tests.oracles.edits import PLANS, RISE, recipe_of
from tests.oracles.paper import tiny_paper_model

RATE = 44100
PROMPT = "two knocks"


@pytest.fixture(scope="module")
def model() -> SoundCTM:
    """The embedded one: what a network of random weights makes differs little from noise to noise."""
    return SoundCTM.from_pretrained("mini")


def wrong_by_itself(model: SoundCTM, recipe: Recipe, number: int) -> list[float]:
    """How far the takes of one step have another number of events, one for each noise there is to choose from."""
    shares = []
    for i in range(recipe.steering.auditions or 1):
        begun = model.performance(recipe.model_copy(update={"audition": i, "steps": 1}), {}, lambda: None)
        z = begun.begin().run()
        read = begun.codec.power(z, begun.length)
        assert read is not None
        roughly = float(np.mean(counts_of_power(read[0].double().numpy(), read[1], recipe.loop) != number))
        decoded = miscounted(begun.finish(z).samples[0], RATE, number, recipe.loop)
        shares.append(roughly if roughly > NEAR else max(roughly, decoded))
    return shares


@pytest.mark.parametrize("number", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "options", [{}, {"steps": 3}, {"nu": 2.0, "negative": "rain"}, {"loop": True}], ids=["1 step", "3", "nu", "loop"]
)
def test_the_first_of_the_noises_that_are_clearest_begins(
    model: SoundCTM, options: dict[str, Any], number: int
) -> None:
    prompt = f"{number} knocks"
    (planned,) = model.recipes(prompt, seed=number, **options)
    assert planned.audition is None and planned.steering == Steering(auditions=COUNTING, events=number)
    wrong = wrong_by_itself(model, planned, number)
    recipe = recipe_of(model.generate(prompt, seed=number, **options)[0])
    assert recipe.audition == int(np.argmin(wrong)), wrong
    assert model.generate(prompt, seed=number, **options)[0].recipe == recipe


def test_the_noises_differ_in_what_is_heard(model: SoundCTM) -> None:
    """Else the law above would say nothing."""
    chosen = {recipe_of(clip).audition for clip in model.generate(PROMPT, takes=12, seed=1)}
    assert len(chosen) > 2


def test_nothing_is_heard_after_a_noise_with_the_number(model: SoundCTM, monkeypatch: pytest.MonkeyPatch) -> None:
    """The student is asked once for each noise up to the first that is right; the take of one step is what it heard."""
    asked: list[int] = []
    answer = DiT.core

    def counting(self: DiT, x: Any, *rest: Any) -> Any:
        asked.append(len(x))
        return answer(self, x, *rest)

    monkeypatch.setattr(DiT, "core", counting)
    found = set()
    for seed, number in enumerate((2, 9) * 4):
        prompt = f"{number} knocks"
        planned = model.recipes(prompt, seed=seed)[0]
        right = [i for i, share in enumerate(wrong_by_itself(model, planned, number)) if share == 0.0]
        asked.clear()
        seen: list[tuple[int, int]] = []
        model.generate(prompt, seed=seed, callback=lambda *each: seen.append(each))  # noqa: B023
        assert sum(asked) == (right[0] + 1 if right else COUNTING)
        assert seen == [(i + 1, 1 + COUNTING) for i in range(1 + COUNTING)], "what was not heard counts as done"
        found.add(bool(right))
    assert found == {True, False}


def test_a_take_is_refined_from_the_noise_that_was_chosen(model: SoundCTM) -> None:
    take = next(clip for clip in model.generate(PROMPT, takes=12, seed=1) if recipe_of(clip).audition)
    recipe = recipe_of(take)
    refined = recipe_of(model.refine(take, steps=3))
    assert refined.audition == recipe.audition and work(recipe) == 1 and work(refined) == 3
    assert next(model.replay([recipe])).digest == take.digest
    again = model.generate(PROMPT, takes=12, seed=1, steps=3)[recipe.take]
    assert again.recipe == refined, "in more steps from the beginning it is the same choice"


@pytest.mark.parametrize(
    ("prompt", "options"),
    [("knocks", {}), ("two knocks, then rain", {}), (PROMPT, {"gamma": 0.5}),
     (PROMPT, {"seconds": 31.0}), (PROMPT, {"steering": Steering(auditions=1)}),
     (PROMPT, {"steering": Steering(auditions=1, events=3)}), (PROMPT, {"steering": Steering(method="start")}),
     ("rain", {"steering": Steering(method="start", auditions=4)})],
)  # fmt: skip
def test_otherwise_a_take_begins_with_the_noise_of_its_seed(
    model: SoundCTM, prompt: str, options: dict[str, Any]
) -> None:
    clip = model.generate(prompt, seed=3, **options)[0]
    assert recipe_of(clip).audition is None and work(recipe_of(clip)) == 1
    plain = recipe_of(clip).model_copy(update={"steering": Steering()})
    assert next(model.replay([plain])).digest == clip.digest


def test_a_recipe_from_before_there_was_a_number_of_events_is_made_as_it_was(model: SoundCTM) -> None:
    """Auditions that were asked for without targets were written down and not made."""
    clip = model.generate(PROMPT, seed=3, steering=Steering(auditions=1))[0]
    before = recipe_of(clip).model_copy(update={"steering": Steering(auditions=4)})
    stored = Recipe.from_json(before.model_dump_json(exclude={"steering": {"events"}}), "old.wav")
    again = next(model.replay([stored]))
    assert again.digest == clip.digest and again.recipe == stored and work(stored) == 1


def test_a_number_can_be_given_beside_the_prompt(model: SoundCTM) -> None:
    """Whatever it says, and whether or not one step decides."""
    (planned,) = model.recipes("knocking", seed=2, gamma=0.3, steering=Steering(events=4))
    assert planned.steering == Steering(auditions=COUNTING, events=4)
    (other,) = model.recipes(PROMPT, seed=2, steering=Steering(events=4))
    assert other.steering.events == 4
    clips = model.generate("knocking", takes=6, seed=2, steering=Steering(auditions=32, events=4))
    assert sum(events_heard(clip.samples[0], RATE) == 4 for clip in clips) >= 5


@pytest.mark.parametrize("events", [0, 101])
def test_a_number_of_events_that_there_cannot_be_is_refused(model: SoundCTM, events: int) -> None:
    with pytest.raises(UserError, match=f"events is {events}; accepted are 1 to 100"):
        model.generate("knocking", steering=Steering(events=events))


def test_what_begins_otherwise_has_no_number_to_choose_by(model: SoundCTM) -> None:
    said = "events is 3, but targets, an edit or the method start say what a take begins with"
    with pytest.raises(UserError, match=said):
        model.generate("rain", targets=[RISE], steering=Steering(events=3))
    with pytest.raises(UserError, match=said):
        model.generate("rain", steering=Steering(method="start", events=3))
    with pytest.raises(UserError, match=said):
        model.edit(PLANS["fill"](), "rain", steering=Steering(events=3))
    with pytest.raises(UserError, match=said):
        shaped(recipe_of(model.generate("rain")[0]), (RISE,), Steering(events=3), 2, 1, hears=True)


@pytest.mark.parametrize("options", [{"seconds": 40.0}, {"seconds": 40.0, "loop": True}])
def test_in_windows_too(model: SoundCTM, options: dict[str, Any]) -> None:
    planned = model.recipes(PROMPT, seed=4, steering=Steering(auditions=3, events=2), **options)[0]
    wrong = wrong_by_itself(model, planned, 2)
    (clip,) = model.replay([planned])
    assert recipe_of(clip).audition == int(np.argmin(wrong))


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_a_take_is_chosen_alike_in_any_company(model: SoundCTM, precision: Precision) -> None:
    rounded = model.optimize(precision=precision)
    recipes = rounded.recipes("three barks", takes=5, seed=8)
    alone = [next(rounded.replay([recipe])) for recipe in recipes]
    together = list(rounded.replay(recipes))
    assert [clip.recipe for clip in together] == [clip.recipe for clip in alone]
    assert [clip.digest for clip in together] == [clip.digest for clip in alone]


def test_where_one_step_decides_nothing_the_number_is_looked_for_on_demand(tiny_folder: Path) -> None:
    paper = SoundCTM.from_pretrained(tiny_folder)
    assert paper.recipes(PROMPT)[0].steering == Steering()
    made = recipe_of(paper.generate(PROMPT, seed=1, steering=Steering(auditions=3))[0])
    assert made.audition is not None


def test_auditions_without_a_number_begin_with_what_fits_the_words(model: SoundCTM) -> None:
    (planned,) = model.recipes("rain", seed=5, steering=Steering(auditions=6))
    assert planned.steering == Steering(auditions=6, shortlist=6)
    engine = model.engine
    assert engine.match is not None
    heard = []
    for i in range(6):
        z = model.performance(planned.model_copy(update={"audition": i}), {}, lambda: None).begin().run()
        heard.append(engine.match("rain", z))
    recipe = recipe_of(model.generate("rain", seed=5, steering=Steering(auditions=6))[0])
    assert recipe.audition == int(np.argmax(heard)) and len(set(heard)) == 6


def test_a_deaf_model_chooses_by_number_but_not_by_words() -> None:
    deaf = tiny_paper_model()
    chosen = deaf.recipes(PROMPT, seed=3, steering=Steering(auditions=4))[0].steering
    assert chosen == Steering(auditions=4, events=2)
    with pytest.raises(UserError, match="auditions is 4, but nothing says which to begin with"):
        deaf.recipes("rain", seed=3, steering=Steering(auditions=4))


@pytest.mark.parametrize("auditions", [0, 257])
def test_a_number_of_auditions_that_there_cannot_be_is_refused(model: SoundCTM, auditions: int) -> None:
    for prompt in (PROMPT, "rain"):
        with pytest.raises(UserError, match=f"auditions is {auditions}; accepted are 1 to 256"):
            model.generate(prompt, steering=Steering(auditions=auditions))


def test_targets_choose_before_numbers_do(model: SoundCTM) -> None:
    by_curve = recipe_of(model.generate(PROMPT, seed=3, targets=[RISE])[0])
    assert by_curve.steering.auditions == 32
    take = next(clip for clip in model.generate(PROMPT, takes=12, seed=1) if recipe_of(clip).audition)
    (kept,) = shaped(recipe_of(take), (RISE,), Steering(), 2, 1, hears=True)
    assert kept.audition == recipe_of(take).audition


def test_more_takes_have_the_number_by_a_measure_that_did_not_choose(model: SoundCTM) -> None:
    """By onsets in the spectrum: takes that begin with the noise of their seed have it less often."""
    hits = {auditions: 0 for auditions in (1, None)}
    for word, number in (("two", 2), ("three", 3), ("four", 4)):
        for auditions in hits:
            takes = model.generate(f"{word} barks", takes=8, seed=1, steering=Steering(auditions=auditions))
            hits[auditions] += sum(len(onset_times(clip.samples[0], clip.sample_rate)) == number for clip in takes)
    assert hits[None] >= 20 and hits[None] > hits[1] + 4, hits
