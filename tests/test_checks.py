"""What a recipe may ask for, at and beyond the edges."""

import numpy as np
import pytest
import torch

from soundctm import Recipe, UserError
from soundctm.audio.recipe import Steering
from soundctm.checks import check_device, check_prompt, check_recipe, check_takes

GOOD = Recipe(
    prompt="rain", seed=0, take=0, steps=1, seconds=5.0, omega=3.0, nu=1.0, gamma=0.0, model="mini", model_hash="0",
    sample_rate=44100, version="0",
)  # fmt: skip
NAN = float("nan")


@pytest.mark.parametrize(
    ("field", "accepted", "refused"),
    [
        ("steps", (1, 16, 128), (0, -1, 129, 1000)),
        ("seconds", (0.1, 30.0, 600.0), (0.0, -1.0, 600.1, float("inf"), NAN)),
        ("seed", (0, 2**63 - 1), (-1, 2**63, 10**400)),
        ("take", (0, 999), (-1, 1000)),
        ("gamma", (0.0, 1.0), (-0.1, 1.1, NAN)),
        ("nu", (0.0, 1.0, 2.5), (NAN, float("inf"))),
        ("omega", (0.0, 5.0), (-1.0, NAN)),
    ],
)
def test_ranges(field: str, accepted: tuple[float, ...], refused: tuple[float, ...]) -> None:
    for value in accepted:
        check_recipe(GOOD.model_copy(update={field: value}))
    for value in refused:
        with pytest.raises(UserError, match=f"^{field} is .*accepted are .* to ") as caught:
            check_recipe(GOOD.model_copy(update={field: value}))
        assert "\n" not in str(caught.value)


def test_takes() -> None:
    check_takes(1)
    check_takes(1000)
    for value in (0, -3, 1001):
        with pytest.raises(UserError, match="takes is"):
            check_takes(value)


@pytest.mark.parametrize("prompt", ["rain", "x" * 1000, "Donner, Blitz & Regen", "雷雨", "rain\u00a0and thunder", "🔥"])
def test_plain_prompts_pass(prompt: str) -> None:
    check_prompt(prompt)


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("", "empty"),
        (" \t", "empty"),
        ("x" * 1001, "1,001 characters"),
        ("rain\nthunder", "control characters"),
        ("rain\x00", "control characters"),
        ("rain\x1b[31m", "control characters"),
        ("rain \udcff", "control characters"),
        ("rain\u2028thunder", "control characters"),
    ],
)
def test_other_prompts_are_refused(prompt: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        check_prompt(prompt)


def test_a_prompt_is_called_what_it_is() -> None:
    with pytest.raises(UserError, match=r"^the negative prompt is empty; say what is not to be heard"):
        check_recipe(GOOD.model_copy(update={"negative": "  ", "nu": 2.0}))
    with pytest.raises(UserError, match=r"^the negative prompt has 1,001 characters"):
        check_prompt("x" * 1001, "negative prompt")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 2.5}, r"^steps of the recipe is of type float: 2\.5 is no whole number"),
        ({"steps": 4.0}, r"^steps of the recipe is of type float"),
        ({"seed": np.int64(7)}, r"^seed of the recipe is of type int64"),
        ({"loop": "yes"}, r"^loop of the recipe is of type str"),
        ({"steering": Steering().model_copy(update={"auditions": 2.5})}, r"^steering\.auditions of the recipe"),
    ],
)
def test_a_recipe_that_no_file_could_hold_is_refused(change: dict[str, object], said: str) -> None:
    """Copies of a recipe take any value, and a WAV with such a recipe could not be opened again."""
    with pytest.raises(UserError, match=said) as caught:
        check_recipe(GOOD.model_copy(update=change))
    assert "\n" not in str(caught.value)


def test_whole_numbers_for_numbers_are_no_mistake() -> None:
    """As files hold them: "seconds": 5."""
    stored = GOOD.model_dump_json().replace('"seconds":5.0', '"seconds":5').replace('"nu":1.0', '"nu":1')
    assert '"seconds":5,' in stored and '"nu":1,' in stored
    read = Recipe.from_json(stored, "an old file")
    check_recipe(read)
    assert read == GOOD
    check_recipe(GOOD.model_copy(update={"seconds": 5, "gamma": 1}))


@pytest.mark.parametrize("device", ["cpu", "cpu:0", torch.device("cpu"), torch.device("cpu", 0)])
def test_a_device_that_is_here(device: torch.device | str) -> None:
    assert check_device(device) == torch.device(device)


@pytest.mark.parametrize("device", ["gpu", "", "cuda:99", "cpu:1", "meta", torch.device("meta"), None, 0, b"cpu"])
def test_other_devices_are_refused(device: object) -> None:
    with pytest.raises(UserError, match=r"^device .* is not available here; cpu always is"):
        check_device(device)  # type: ignore[arg-type]
