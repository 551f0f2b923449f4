"""Everyday mistakes in Python are told in one line that says what to give, before anything is made."""

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundctm import Clip, SoundCTM, UserError, edits
from soundctm.audio.recipe import Steering
from soundctm.control.targets import from_shape, make_target
from tests.oracles.edits import RISE, A, recipe_of
from tests.oracles.paper import tiny_paper_model

A_CLIP = r"give a Clip, for example Clip\.load\(path\)"


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.fixture(scope="module")
def take(model: SoundCTM) -> Clip:
    return model.generate("rain", seed=3)[0]


def refused(said: str, call: Callable[[], object]) -> None:
    """A call ends at once, in one line of these words, and warns of nothing."""
    with warnings.catch_warnings(), pytest.raises(UserError, match=said) as caught:
        warnings.simplefilter("error")
        call()
    assert "\n" not in str(caught.value) and "pydantic" not in str(caught.value)


@pytest.mark.parametrize("given", ["take.wav", Path("take.wav"), None, [A], A.samples])
@pytest.mark.parametrize("method", ["refine", "vary", "loop", "recipe_of"])
def test_a_take_is_a_clip(model: SoundCTM, method: str, given: Any) -> None:
    refused(rf"^clip is ('take\.wav'|None|of type \w+); {A_CLIP}$", lambda: getattr(model, method)(given))


@pytest.mark.parametrize("steps", [2.5, 1.5, 4.0, "4", True, None, np.float64(4.0)])
def test_steps_are_whole_numbers(model: SoundCTM, take: Clip, steps: Any) -> None:
    said = r"^steps is .*; give a whole number"
    refused(said, lambda: model.refine(take, steps=steps))
    refused(said, lambda: model.loop(take, steps=steps))
    refused(said, lambda: model.generate("rain", steps=steps))
    refused(said, lambda: model.edit(edits.fill(A, 0.3, 0.6), steps=steps))
    if steps is not None:  # for relatives None means as many as suit them
        refused(said, lambda: model.vary(take, steps=steps))


def test_numbers_of_numpy_are_numbers(model: SoundCTM, take: Clip, tmp_path: Path) -> None:
    """And the files are readable."""
    for made in (
        model.refine(take, steps=np.int64(3)),  # type: ignore[arg-type]
        model.vary(take, np.float32(0.5), takes=np.int8(1), first=np.int64(5), steps=np.int32(2))[0],  # type: ignore[arg-type]
        model.vary(take, turn=np.float32(0.5), takes=1)[0],  # type: ignore[arg-type]
        model.loop(take, steps=np.uint8(2)),  # type: ignore[arg-type]
        model.generate("rain", seed=np.int64(9), seconds=np.float32(0.5), loop=np.False_)[0],  # type: ignore[arg-type]
        model.edit(edits.fill(A, np.float32(0.25), np.int64(1) / 2), seed=np.uint16(1), steps=2)[0],  # type: ignore[arg-type]
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read = Clip.load(made.save(tmp_path / f"{made.digest}.wav"))
        assert read.recipe == made.recipe


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"takes": "4"}, "^takes is '4'; give a whole number$"),
        ({"takes": 2.5}, r"^takes is 2\.5; give a whole number$"),
        ({"seed": 1.5}, r"^seed is 1\.5; give a whole number$"),
        ({"seconds": "5"}, "^seconds is '5'; give a number$"),
        ({"gamma": "0.5"}, r"^gamma is '0\.5'; give a number$"),
        ({"nu": None}, "^nu is None; give a number, or leave it out$"),
        ({"omega": True}, "^omega is True; give a number$"),
        ({"negative": None}, "^negative is None; give a text, or leave it out$"),
        ({"negative": "   "}, "^the negative prompt is empty; say what is not to be heard"),
        ({"negative": "   ", "nu": 2}, "^the negative prompt is empty; say what is not to be heard"),
        ({"loop": "yes"}, "^loop is 'yes'; give True or False$"),
        (
            {"steering": {"auditions": 4}},
            r"^steering is of type dict; give a Steering, for example Steering\(auditions",
        ),
        ({"targets": RISE}, r"^targets is of type Target; give a list like \[targets\.from_shape"),
        ({"targets": [{"feature": "intensity"}]}, r"^targets\[0\] is of type dict; give a Target"),
        ({"callback": 5}, "^callback is 5; give a function$"),
        ({"seconds": 10**400}, "^seconds is inf; accepted are"),
        ({"prompt": None}, "^prompt is None; give a text"),
        ({"prompt": b"dog"}, "^prompt is b'dog'; give a text$"),
        ({"prompt": ["dog"]}, "^prompt is of type list; give a text$"),
        ({"prompt": "rain \udcff"}, "^the prompt has control characters"),
    ],
)
def test_what_is_asked_for_has_its_types(model: SoundCTM, given: dict[str, Any], said: str) -> None:
    refused(said, lambda: model.generate(**{"prompt": "dog", **given}))
    if "loop" not in given and "seconds" not in given:
        plan = edits.transform(A, 0.5)
        refused(said, lambda: model.edit(plan, **{"prompt": "dog", **given}))


@pytest.mark.parametrize("given", [{"prompt": "雨"}, {"prompt": "!!!"}, {"negative": "дождь", "nu": 2.0}])
def test_what_no_word_of_can_be_read_is_refused(model: SoundCTM, given: dict[str, Any]) -> None:
    """All such prompts would be one sound. A take that was made of one is made again."""
    refused(
        "holds no word that this model can read; write the prompt in English",
        lambda: model.generate(**{"prompt": "dog", **given}),
    )
    refused("holds no word", lambda: model.edit(edits.morph(A, A, 0.5, other_prompt="雨"), "dog"))
    refused("holds no word", lambda: model.edit(edits.transform(A, 0.5), **{"prompt": "dog", **given}))
    old = recipe_of(model.generate("dog", seed=3)[0]).model_copy(update=given)
    assert next(model.replay([old])).recipe == old


def test_other_models_read_what_they_read() -> None:
    paper = tiny_paper_model()
    assert paper.recipes("雨")[0].prompt == "雨"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"gamma": "0.5"}, "^gamma is '0.5'; give a number$"),
        ({"turn": "0.5"}, "^turn is '0.5'; give a number$"),
        ({"takes": 2.0}, r"^takes is 2\.0; give a whole number$"),
        ({"first": 1.0}, r"^first is 1\.0; give a whole number$"),
        ({"callback": "print"}, "^callback is 'print'; give a function$"),
        ({"sources": [A]}, r"^sources is of type list; give a dict like \{clip\.digest: clip\}$"),
        ({"sources": {"a": "a.wav"}}, rf"^sources\['a'\] is 'a\.wav'; {A_CLIP}$"),
    ],
)
def test_relatives_have_their_types(model: SoundCTM, take: Clip, given: dict[str, Any], said: str) -> None:
    refused(said, lambda: model.vary(take, **given))


@pytest.mark.parametrize("given", [None, "fill", A])
def test_a_plan_is_a_plan(model: SoundCTM, given: Any) -> None:
    refused(
        r"^plan is .*; give a Plan, for example edits\.fill\(clip, 1\.0, 2\.0\)$", lambda: model.edit(given, "rain")
    )


def test_recipes_may_hold_what_a_file_can(model: SoundCTM, take: Clip) -> None:
    """A list for a tuple is read back as a tuple; numbers of numpy are none of JSON."""
    recipe = recipe_of(take)
    (made,) = model.replay([recipe.model_copy(update={"targets": [], "turns": [], "seconds": int(recipe.seconds)})])
    assert made.digest == take.digest
    refused("recipe", lambda: model.replay([recipe.model_copy(update={"steps": np.int64(1)})]))


def test_recipes_are_checked_when_they_are_given(model: SoundCTM, take: Clip) -> None:
    """Not when the first clip is asked for."""
    recipe = recipe_of(take)
    for given, said in (
        ("x", r"^recipes is 'x'; give a list like \[clip\.recipe\]$"),
        (None, r"^recipes is None; give a list like \[clip\.recipe\]$"),
        (recipe, r"^recipes is of type Recipe; give a list like \[clip\.recipe\]$"),
        ([recipe, take], r"^recipes\[1\] is of type Clip; give a Recipe, for example clip\.recipe$"),
        ([None], r"^recipes\[0\] is None; give a Recipe, for example clip\.recipe$"),
        ([recipe, recipe.model_copy(update={"steps": 0})], "^steps is 0"),
        (
            [recipe, recipe.model_copy(update={"steps": 2.5})],
            r"^steps of the recipe is of type float: 2\.5 is no whole",
        ),
    ):
        refused(said, lambda given=given: model.replay(given))  # type: ignore[misc]
    refused("^callback is 5; give a function$", lambda: model.replay([recipe], 5))  # type: ignore[arg-type]
    clips = model.replay(each for each in [recipe])  # type: ignore[arg-type]
    assert [clip.digest for clip in clips] == [take.digest]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: edits.fill("x.wav", 1, 2), rf"^clip is 'x\.wav'; {A_CLIP}$"),  # type: ignore[arg-type]
        (lambda: edits.fill(A, "1", 2), "^start is '1'; give a number$"),  # type: ignore[arg-type]
        (lambda: edits.extend(A, None), "^before is None; give a number, or leave it out$"),  # type: ignore[arg-type]
        (lambda: edits.join(A, "b.wav", 0.2), rf"^other is 'b\.wav'; {A_CLIP}$"),  # type: ignore[arg-type]
        (lambda: edits.join(A, A, 0.2, "ab"), r"^names is 'ab'; give a tuple like"),  # type: ignore[arg-type]
        (lambda: edits.morph(A, A, 0.5, other_prompt=b"x"), "^other_prompt is b'x'; give a text$"),  # type: ignore[arg-type]
        (lambda: edits.morph(A, A, 0.5, other_prompt="  "), "^the other prompt is empty; say what the other sound is"),
        (lambda: make_target("0:-40", "intensity", 5), "^points is '0:-40'; give a list like"),  # type: ignore[arg-type]
        (lambda: make_target([(0, "a")], "intensity", 5), r"^points\[0\]\[1\] is 'a'; give a number$"),  # type: ignore[list-item]
        (lambda: from_shape("rise", 5, weight="2"), "^weight is '2'; give a number$"),  # type: ignore[arg-type]
        (lambda: from_shape("rise", "5"), "^seconds is '5'; give a number$"),  # type: ignore[arg-type]
    ],
)
def test_edits_and_targets_have_their_types(call: Callable[[], object], said: str) -> None:
    refused(said, call)


# ---- models


@pytest.mark.parametrize("name", [None, "", b"mini", 5, ["mini"]])
def test_a_model_has_a_name(name: Any) -> None:
    refused(r"^the model is .*; accepted are a shipped model \(mini\), a model folder, or a hub id", lambda: load(name))


def load(name: Any, **options: Any) -> SoundCTM:
    return SoundCTM.from_pretrained(name, **options)


def test_a_model_of_no_name_is_not_the_folder_that_one_stands_in(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_folder, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    refused("^the model is ''; accepted are", lambda: load(""))
    assert load(".").name == str(tmp_path / "here")


def test_a_name_that_no_system_takes_for_a_path_is_unknown() -> None:
    for name in ("x" * 5000, "a\0b"):
        refused("^unknown model .*; accepted are", lambda name=name: load(name))  # type: ignore[misc]


@pytest.mark.parametrize("device", ["gpu", "cuda:99", None, 0])
def test_a_device_is_one_that_is_here(tiny_folder: Path, device: Any) -> None:
    refused("^device .* is not available here; cpu always is", lambda: load(tiny_folder, device=device))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_here_is_told(tiny_folder: Path) -> None:
    for device in ("cuda", torch.device("cuda")):
        refused("^device 'cuda' is not available here", lambda device=device: load(tiny_folder, device=device))  # type: ignore[misc]


def test_a_precision_is_known_before_anything_is_read(tmp_path: Path) -> None:
    for precision in ("float16", None):
        refused(
            "^precision is .*; accepted are float32, tf32, bfloat16, int8$",
            lambda precision=precision: load(tmp_path, precision=precision),  # type: ignore[misc]
        )


def test_what_is_right_still_is(model: SoundCTM) -> None:
    made = model.generate(
        "rain", takes=2, steps=2, seconds=1, seed=7, omega=2, nu=2, gamma=0, negative="wind", loop=False,
        targets=(RISE,), steering=Steering(auditions=1), callback=lambda done, total: None,
    )  # fmt: skip
    assert [recipe_of(clip).take for clip in made] == [0, 1]
