"""Arguments are held against the annotations of the parameters that they are given for."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

import numpy as np
import pytest

from soundctm import Clip, SoundCTM, UserError, edits, revisions
from soundctm.arguments import checked, read
from soundctm.control import targets
from tests.oracles.edits import A


class Edges(TypedDict, total=False):
    low: float
    high: float | None


@checked
def sound(prompt: str, steps: int = 1, *, seconds: float | None = None, **edges: Unpack[Edges]) -> tuple[Any, ...]:
    """Whatever arrives."""
    return prompt, steps, seconds, edges


@pytest.mark.parametrize(
    ("kind", "given", "plain"),
    [
        (int, 4, 4),
        (int, np.int64(4), 4),
        (int, np.uint8(4), 4),
        (int, 10**400, 10**400),
        (float, 4, 4.0),
        (float, np.float32(0.5), 0.5),
        (float, np.int16(2), 2.0),
        (float, Fraction(1, 4), 0.25),
        (float, 10**400, math.inf),
        (float, -(10**400), -math.inf),
        (bool, np.True_, True),
        (str, "", ""),
        (str | Path, Path("a"), Path("a")),
        (int | None, None, None),
        (Literal["a", "b"], "c", "c"),
        (Sequence[int], [1, np.int8(2)], (1, 2)),
        (Sequence[int], (i for i in (1, 2)), (1, 2)),
        (tuple[str, ...], ["a"], ("a",)),
        (tuple[str, str], ["a", "b"], ("a", "b")),
        (Sequence[tuple[float, float | None]], np.ones((2, 2)), ((1.0, 1.0), (1.0, 1.0))),
        (Sequence[tuple[float, float | None]], [(0, -40), [1, None]], ((0.0, -40.0), (1.0, None))),
        (Mapping[str, int], {"a": 1}, {"a": 1}),
        (Any, print, print),
        (Callable[[int], None], print, print),
    ],
)
def test_what_fits_becomes_plain_python(kind: Any, given: Any, plain: Any) -> None:
    made = read("x", given, kind)
    assert made == plain and type(made) is type(plain)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (int, 2.5, "x is 2.5; give a whole number"),
        (int, 4.0, "x is 4.0; give a whole number"),
        (int, True, "x is True; give a whole number"),
        (int, np.True_, "x is of type bool; give a whole number"),
        (int, np.float32(4), "x is of type float32; give a whole number"),
        (int, math.nan, "x is nan; give a whole number"),
        (float, "0.5", "x is '0.5'; give a number"),
        (float, False, "x is False; give a number"),
        (float, 1j, "x is of type complex; give a number"),
        (bool, "yes", "x is 'yes'; give True or False"),
        (bool, 1, "x is 1; give True or False"),
        (str, b"dog", "x is b'dog'; give a text"),
        (str, "", None),
        (str, 10**400, "x is of type int; give a text"),
        (int | None, "4", "x is '4'; give a whole number"),
        (str | Path, 3, "x is 3; give a text or a path"),
        (Literal["a", "b"], ["a"], "x is of type list; give a text"),
        (Clip, "take.wav", "x is 'take.wav'; give a Clip, for example Clip.load(path)"),
        (Clip, [A], "x is of type list; give a Clip, for example Clip.load(path)"),
        (Sequence[Clip], A, "x is of type Clip; give a list like [Clip.load(path)]"),
        (Sequence[Clip], "ab", "x is 'ab'; give a list like [Clip.load(path)]"),
        (Sequence[Clip], [A, None], "x[1] is None; give a Clip, for example Clip.load(path)"),
        (Sequence[int], {1: 2}, "x is of type dict; give a list like [4]"),
        (tuple[str, str], ("a",), "x has 1 values; give a tuple like ('rain', 'rain')"),
        (Sequence[tuple[float, float | None]], [(0, "a")], "x[0][1] is 'a'; give a number"),
        (Mapping[str, Clip], [A], "x is of type list; give a dict like {clip.digest: clip}"),
        (Mapping[str, Clip], {"a": "b"}, "x['a'] is 'b'; give a Clip, for example Clip.load(path)"),
        (Mapping[str, Clip], {1: A}, "a key of x is 1; give a text"),
        (Callable[[int], None], 5, "x is 5; give a function"),
    ],
)
def test_what_does_not_fit_is_said(kind: Any, given: Any, said: str | None) -> None:
    if said is None:
        read("x", given, kind)
        return
    with pytest.raises(UserError) as caught:
        read("x", given, kind)
    assert str(caught.value) == said


def test_long_texts_are_quoted_short_and_on_one_line() -> None:
    with pytest.raises(UserError, match=r"^x is '\\n\\n.*… \(9,000 characters\); give a number$"):
        read("x", "\n" * 9000, float)


def test_a_function_gets_what_it_asked_for() -> None:
    assert sound("rain", np.int64(3), seconds=2, low=5) == ("rain", 3, 2.0, {"low": 5.0})
    assert sound(prompt="rain") == ("rain", 1, None, {})
    assert list(inspect.signature(sound).parameters) == ["prompt", "steps", "seconds", "edges"]
    assert sound.__name__ == "sound" and sound.__doc__ == "Whatever arrives."


def test_what_may_be_left_out_is_said() -> None:
    for given, said in (
        ({"prompt": None}, "prompt is None; give a text"),
        ({"prompt": "rain", "steps": None}, "steps is None; give a whole number, or leave it out"),
        ({"prompt": "rain", "low": None}, "low is None; give a number, or leave it out"),
        ({"prompt": "rain", "high": "9"}, "high is '9'; give a number"),
    ):
        with pytest.raises(UserError) as caught:
            sound(**given)  # type: ignore[arg-type]
        assert str(caught.value) == said


@pytest.mark.parametrize("call", [lambda: sound(), lambda: sound("a", 1, 2), lambda: sound("a", lo=1.0)])  # type: ignore[call-arg]
def test_calls_that_are_none_fail_as_in_python(call: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match=r"sound\(\) (missing|takes|got an unexpected keyword argument 'lo')"):
        call()


DOORS = [
    each
    for home in (SoundCTM, edits, revisions, targets)
    for name, each in vars(home).items()
    if inspect.isfunction(each) and hasattr(each, "__wrapped__")
]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__qualname__)
def test_every_checked_function_has_words_for_all_that_it_takes(door: Callable[..., object]) -> None:
    """Whoever writes a new one with an annotation that nothing is known of hears of it here."""

    class Odd:
        pass

    for name, each in inspect.signature(door).parameters.items():
        if name == "self":
            continue
        names = ("weight",) if each.kind is inspect.Parameter.VAR_KEYWORD else (name,)
        for given in names:
            with pytest.raises(UserError, match=rf"^{given} is of type Odd; give (a |True)"):
                door(**({"self": None} if "self" in inspect.signature(door).parameters else {}), **{given: Odd()})


def test_the_doors_are_found() -> None:
    assert {"recipes", "edit", "replay", "recipe_of", "refined", "relatives", "fill", "morph", "make_target"} <= {
        door.__name__ for door in DOORS
    }
