"""Which prompts say how many events there are."""

import pytest

from soundctm.conditioning.counts import NUMBERS, said_count


@pytest.mark.parametrize(
    ("prompt", "number"),
    [
        ("three slow knocks on a wooden door", 3),
        ("Five knocks", 5),
        ("10 beeps", 10),
        ("four deep drum hits far away", 4),
        ("two drops of water", 2),
        ("six glasses", 6),
        ("the sound of two phone rings", 2),
        ("three string plucks", 3),
        ("a dog barking three times", 3),
        ("knocking twice", 2),
        ("an owl hooting thrice in a forest", 3),
        ("two pings", 2),
        ("nine barks behind two", None),
        ("one knock", None),
        ("a single gunshot", None),
        ("knocking", None),
        ("two knocks, then rain", None),
        ("two knocks then rain", None),
        ("three knocks and a bell", None),
        ("three knocks over rain", None),
        ("two engines running", None),
        ("five horses galloping on sand", None),
        ("five seconds of rain", None),
        ("beeping two times per second", None),
        ("two hundred knocks", None),
        ("a two-stroke engine", None),
        ("a six string guitar", None),
        ("two bus", None),
        ("four glass", None),
        ("twenty knocks", None),
        ("2.5 beeps", None),
        ("two three knocks", None),
        ("two", None),
        ("", None),
    ],
)
def test_a_number_is_said_by_a_plural_or_by_how_often(prompt: str, number: int | None) -> None:
    assert said_count(prompt) == number


def test_words_and_figures_say_the_same() -> None:
    assert len(NUMBERS) == 18
    for name, number in NUMBERS.items():
        assert said_count(f"{name} loud claps") == number
