"""What a recipe may ask for, at and beyond the edges."""

import pytest

from soundctm import Recipe, UserError
from soundctm.checks import check_prompt, check_recipe, check_takes

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
