"""Which prompts say how many events there are."""

import pytest

from soundctm.conditioning.counts import NUMBERS, said_count
from soundctm.training.data.procedural import REGISTRY


@pytest.mark.parametrize(
    ("prompt", "number"),
    [
        ("knocking twice", 2),
        ("two drops of water", 2),
        ("two phone rings", 2),
        ("two wedding bells", 2),
        ("two lightning strikes", 2),
        ("two hammer blows on metal", 2),
        ("two door slams", 2),
        ("three slow knocks on a wooden door", 3),
        ("a dog barking three times", 3),
        ("the sound of three string plucks", 3),
        ("an owl hooting thrice in a forest", 3),
        ("3 knocks, wooden door", 3),
        ("three loud knocks on a door, close mic", 3),
        ("3x knocks", 3),
        ("knock x3", 3),
        ("three ceiling knocks", 3),
        ("at least three knocks", 3),
        ("four deep drum hits far away", 4),
        ("beeps x 4", 4),
        ("Five knocks.", 5),
        ("Knocking three times, slowly.", 3),
        ("five quick high ticks", 5),
        ("10 beeps", 10),
        ("", None),
        ("two", None),
        ("one knock", None),
        ("a single gunshot", None),
        ("knocking", None),
        ("two knocks, then rain", None),
        ("two knocks, rain", None),
        ("two knocks then rain", None),
        ("three knocks and a bell", None),
        ("three knocks over rain", None),
        ("nine barks behind two", None),
        ("two engines running", None),
        ("two dogs barking", None),
        ("two people clapping", None),
        ("five horses galloping on sand", None),
        ("ten voices", None),
        ("five seconds of rain", None),
        ("beeping two times per second", None),
        ("twice a second", None),
        ("twice as loud thunder", None),
        ("three times louder", None),
        ("two hundred knocks", None),
        ("a two-stroke engine", None),
        ("two stroke engine beeps", None),
        ("a six string guitar", None),
        ("6 cylinder engine revs", None),
        ("four glass", None),
        ("twenty knocks", 20),
        ("12 knocks", 12),
        ("a dozen knocks on wood", 12),
        ("half a dozen beeps", 6),
        ("two dozen knocks", None),
        ("dozens of knocks", None),
        ("21 knocks", None),
        ("100 beeps", None),
        ("18 wheeler horn honks", None),
        ("12 bit beeps", None),
        ("twenty one knocks", None),
        ("thirty two knocks", None),
        ("one hundred twenty beeps", None),
        ("20 bpm heartbeats", None),
        ("one twenty bpm drum hits", None),
        ("fifty fifteen knocks", None),
        ("twelve noon church bells", None),
        ("19 century church bells", None),
        ("apollo 11 beeps", None),
        ("more than a dozen knocks", None),
        ("eleven thirty bells", None),
        ("2.5 beeps", None),
        ("two three knocks", None),
        ("five o'clock bells", None),
        ("half past two bells", None),
        ("10 pm bells", None),
        ("10 p.m. bells", None),
        ("ten foot waves", None),
        ("10 khz beeps", None),
        ("5 hz pulses", None),
        ("8 bit laser shots", None),
        ("level 3 power ups", None),
        ("take 2 barks", None),
        ("high five claps", None),
        ("two series of knocks", None),
        ("four crashing waves", None),
    ],
)
def test_a_number_is_said_of_events(prompt: str, number: int | None) -> None:
    assert said_count(prompt) == number


def test_words_and_figures_say_the_same() -> None:
    assert len(NUMBERS) == 38
    for name, number in NUMBERS.items():
        assert said_count(f"{name} loud claps") == number


def test_the_events_that_mini_has_learnt_to_count_are_known() -> None:
    for name, sound in REGISTRY.items():
        if sound.events is not None and "count" in sound.obeys:
            assert said_count(f"three slow {sound.events[1]} far away") == 3, name
