"""What an English vocabulary can read."""

import pytest

from soundctm import SoundCTM
from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.conditioning.spelling import illegible_words, legible

READ = ("rain", "RAIN", "été", "3", "雨 rain", "- a -")
UNREAD = ("", " ", "!!!", "🔫", "雨", "дождь", "βροχή", "مطر", "...?", "ｒａｉｎ", "½", "¹²³")


@pytest.mark.parametrize("text", READ)
def test_latin_letters_and_figures_are_legible(text: str) -> None:
    assert legible(text)


@pytest.mark.parametrize("text", UNREAD)
def test_signs_and_other_scripts_are_not(text: str) -> None:
    assert not legible(text)


def test_the_vocabulary_of_mini_holds_what_is_legible() -> None:
    """Of what is not, it knows signs at most."""
    encoder = SoundCTM.from_pretrained("mini").text_encoder
    assert isinstance(encoder, MiniTextEncoder) and encoder.tokenizer is not None

    def known(text: str) -> bool:
        tokens = [encoder.tokenizer.id_to_token(i) for i in encoder.tokenize([text])[0]]
        return any(token.strip("#").isalnum() for token in tokens if not token.startswith("["))

    assert all(map(known, READ)) and not any(map(known, UNREAD))


def test_words_that_cannot_be_read_are_named() -> None:
    assert illegible_words("heavy rain 雨, été 3 дождь!") == ["雨", "дождь"]
    assert illegible_words("heavy rain 🌧 - tin_roof") == []
