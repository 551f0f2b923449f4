"""Parts of file names."""

import pytest

from soundctm.filenames import slug


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Heavy rain, on a tin roof!", "heavy-rain-on-a-tin-roof"), ("café près d'ici", "cafe-pres-d-ici"),
        ("\uff32\uff21\uff29\uff2e", "rain"), ("雨", "sound"), ("", "sound"), ("../../etc", "etc"),
        ("a" * 99, "a" * 20), ("nineteen characters - and more", "nineteen-characters"),
    ],
)  # fmt: skip
def test_a_slug_is_small_letters_digits_and_single_dashes(text: str, expected: str) -> None:
    assert slug(text, 20 if len(text) > 27 else 60) == expected
