"""Prompts that nobody has asked for yet: a text that was read before may be remembered, and would cost nothing."""

from collections.abc import Iterator
from itertools import count, product

# Words that the shipped model has learnt, one token each, so that every prompt is read as it is and costs the same.
SOUNDS = ("rain", "wind", "thunder", "footsteps", "waves", "piano", "siren", "engine", "drum", "clock", "beep")
MANNERS = ("soft", "loud", "distant", "gentle", "heavy", "rapid", "slow", "quiet", "faint", "steady")
PLACES = ("metal", "wood", "glass", "gravel", "water", "leaves", "snow", "concrete", "wooden", "tin")


def fresh_prompts() -> Iterator[str]:
    """Endlessly many, each another one; the first 10,000 or so have the same number of words."""
    for round_ in count():
        for sound, manner, place, other in product(SOUNDS, MANNERS, PLACES, MANNERS):
            yield f"{manner} {sound} on {other} {place}" + " and rain" * round_
