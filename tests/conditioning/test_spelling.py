"""What an English vocabulary can read."""

import pytest

from soundctm.conditioning.spelling import legible, words


@pytest.mark.parametrize("text", ["rain", "RAIN", "été", "ｒａｉｎ", "3", "雨 rain", "- a -"])
def test_latin_letters_and_figures_are_legible(text: str) -> None:
    assert legible(text)


@pytest.mark.parametrize("text", ["", " ", "!!!", "🔫", "雨", "дождь", "βροχή", "مطر", "...?"])
def test_signs_and_other_scripts_are_not(text: str) -> None:
    assert not legible(text)


def test_words_are_letters_without_accents() -> None:
    assert words("The CAFÉ's door; 12 knocks, дождь_雨") == ["the", "cafe", "s", "door", "knocks", "дождь", "雨"]
