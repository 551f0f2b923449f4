"""Recipes on paper: old ones still read, new ones say everything, unknown ones are named."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from soundctm.audio import Recipe
from soundctm.audio.edit import (
    Declip,
    Edit,
    Extend,
    ExtendBandwidth,
    Fill,
    Join,
    Loop,
    Morph,
    Source,
    Transform,
)
from soundctm.audio.recipe import Steering
from soundctm.audio.target import Target
from soundctm.errors import UserError

# As version 0.1 wrote it, before there was anything to control.
OLD = (
    '{"prompt":"heavy rain","seed":7,"take":2,"steps":16,"seconds":5.0,"omega":3.0,"nu":1.0,"gamma":0.0,'
    '"model":"mini","model_hash":"0123456789abcdef","sample_rate":44100,"version":"0.1.0"}'
)
A, B = Source(name="a.wav", digest="a" * 16), Source(name="dir/b c.flac", digest="b" * 16)
EDITS: dict[str, Edit] = {
    "extend-bandwidth": ExtendBandwidth(source=A, cutoff=3000.0),
    "declip": Declip(source=A, level=0.8),
    "fill": Fill(source=A, start=1.0, end=1.5),
    "extend": Extend(source=A, before=0.5, after=2.0),
    "join": Join(source=A, other=B, gap=0.7),
    "loop": Loop(source=A, seam=0.5),
    "transform": Transform(source=A, strength=0.6),
    "morph": Morph(amount=0.3, prompt="wind", seed=5, take=1),
    "morph of recordings": Morph(amount=0.3, prompt="", seed=0, take=0, source=A, other=B),
}
TARGETS = (
    Target(feature="intensity", points=((0.0, -40.0), (1.5, -12.0), (2.0, None), (5.0, -50.0)), weight=2.0),
    Target(feature="band", points=((0.0, -30.0), (1.0, -20.0)), low=100.0, high=400.0),
)


def recipe(**changes: Any) -> Recipe:
    return Recipe.from_json(OLD, "here").model_copy(update=changes)


def test_an_old_recipe_reads_as_a_plain_take() -> None:
    old = Recipe.from_json(OLD, "here")
    assert (old.prompt, old.seed, old.take, old.steps, old.seconds) == ("heavy rain", 7, 2, 16, 5.0)
    assert (old.negative, old.variation, old.loop, old.targets, old.edit) == ("", 0, False, (), None)
    assert old.steering == Steering() and old.sources == ()
    assert json.loads(old.model_dump_json()).items() >= json.loads(OLD).items()


@pytest.mark.parametrize("kind", list(EDITS))
def test_every_edit_comes_back_as_it_went(kind: str) -> None:
    first = recipe(edit=EDITS[kind])
    again = Recipe.from_json(first.model_dump_json(), "here")
    assert again == first and type(again.edit) is type(EDITS[kind])
    assert json.loads(first.model_dump_json())["edit"]["kind"] == kind.split()[0]


def test_there_is_no_kind_of_edit_that_these_tests_forget() -> None:
    schema = TypeAdapter(Edit).json_schema()
    assert set(schema["discriminator"]["mapping"]) == {kind.split()[0] for kind in EDITS}


def test_targets_and_steering_come_back_as_they_went() -> None:
    steering = Steering(method="start", strength=0.7, iterations=12)
    first = recipe(targets=TARGETS, steering=steering, negative="speech", variation=3, loop=True, nu=2.0)
    assert Recipe.from_json(first.model_dump_json(), "here") == first


@pytest.mark.parametrize(
    ("kind", "sources"),
    [("fill", (A,)), ("join", (A, B)), ("morph", ()), ("morph of recordings", (A, B)), ("transform", (A,))],
)
def test_a_recipe_names_the_recordings_it_needs(kind: str, sources: tuple[Source, ...]) -> None:
    assert recipe(edit=EDITS[kind]).sources == sources


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"edit": {"kind": "reverse", "source": A.model_dump()}}, r"edit: .*reverse"),
        ({"edit": {"source": A.model_dump(), "cutoff": 3000}}, "edit: "),
        ({"edit": {"kind": "fill", "source": A.model_dump(), "start": 1}}, r"edit\.fill\.end: it is missing"),
        ({"edit": {**EDITS["fill"].model_dump(), "curve": 1}}, r"edit\.fill\.curve: it is not known"),
        ({"edit": {**EDITS["fill"].model_dump(), "source": "a.wav"}}, r"edit\.fill\.source: "),
        ({"steering": {"method": "luck"}}, r"steering\.method: "),
        ({"targets": [{"feature": "warmth", "points": []}]}, r"targets\.0\.feature: "),
        ({"targets": [{"feature": "pitch", "points": [[0, 1, 2]]}]}, r"targets\.0\.points\.0"),
        ({"colour": "blue"}, "colour: it is not known"),
        ({"seed": "seven"}, "seed: 'seven' is no whole number"),
        ({"steering": {"auditions": "4"}}, r"steering\.auditions: '4' is no whole number"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(change: dict[str, Any], said: str) -> None:
    text = json.dumps({**json.loads(OLD), **change})
    with pytest.raises(UserError, match=rf"^x\.wav carries a recipe that cannot be read \({said}") as caught:
        Recipe.from_json(text, "x.wav")
    assert "\n" not in str(caught.value)


def test_recipes_are_not_written_on() -> None:
    for value, field in (
        (recipe(), "seed"),
        (EDITS["fill"], "start"),
        (TARGETS[0], "weight"),
        (Steering(), "strength"),
    ):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(value, field, 3)
