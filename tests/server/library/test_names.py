"""Names, tags, texts to search and names of files, over all of Unicode."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundctm.errors import UserError
from soundctm.server.library.names import (
    MAX_NAME,
    MAX_TAGS,
    clean_name,
    clean_tags,
    default_name,
    file_name,
    printable,
    searchable,
    words,
)  # fmt: skip

ANY = st.text(st.characters(exclude_categories=()), max_size=200)
TRICKS = ("../../etc/passwd", "..", ".", "...", "/", "a/b", "a\\b", "C:\\x", "a\nb", "a\x00b", "\x1b[2J", "\u2028", " ")


@given(ANY)
def test_a_default_name_is_one_that_a_user_may_give(text: str) -> None:
    name = default_name(text)
    assert clean_name(name) == unicodedata.normalize("NFC", name) and default_name(name) == name


@given(ANY)
def test_a_clean_name_stays_as_it_is_and_is_plain(text: str) -> None:
    try:
        name = clean_name(text)
    except UserError as error:
        assert len(str(error)) < 200 and "\n" not in str(error)
        return
    assert clean_name(name) == name and 0 < len(name) <= 3 * MAX_NAME and "/" not in name and "\\" not in name
    assert printable(name) == name


@pytest.mark.parametrize("name", [*TRICKS, "", "x" * 121, "a\u202eb", "\ud800", 7, None])
def test_tricks_are_refused(name: str) -> None:
    with pytest.raises(UserError):
        clean_name(name)
    with pytest.raises(UserError):
        clean_tags([name])


@pytest.mark.parametrize("name", ["Rain", "50 % wet", "Türe, zu!", "雨の音", 'it\'s "this"', ".hidden", "a..b", "🌧"])
def test_plain_names_are_kept(name: str) -> None:
    assert clean_name(f"  {name} ") == name == default_name(name)


def test_a_name_is_composed() -> None:
    assert clean_name("Cafe\u0301") == "Caf\u00e9"


def test_tags_are_told_apart_by_what_they_are_found_by() -> None:
    assert clean_tags(["Rain", "RAIN", "wet", "räin", "Straße", "STRASSE"]) == {
        "rain": "Rain", "strasse": "Straße", "wet": "wet",
    }  # fmt: skip
    assert len(clean_tags(f"{i}" for i in range(MAX_TAGS))) == MAX_TAGS
    assert len(clean_tags(["x"] * 99)) == 1
    with pytest.raises(UserError, match="at most 32"):
        clean_tags(f"{i}" for i in range(MAX_TAGS + 1))


@given(ANY)
def test_searchable_text_is_folded_once_and_for_all(text: str) -> None:
    folded = searchable(text)
    assert searchable(folded) == folded and printable(folded) == folded
    assert searchable(text.upper()) == searchable(text.upper().lower())


@pytest.mark.parametrize(
    ("text", "found_by"),
    [
        ("Straße", "STRASSE"),
        ("Café", "CAFE"),
        ("ｗｉｄｅ", "wide"),
        ("ﬁre", "FIRE"),
        ("İstanbul", "istanbul"),
        ("Σίσυφος", "ΣΙΣΥΦΟΣ"),
    ],
)
def test_writings_of_one_word_are_one(text: str, found_by: str) -> None:
    assert searchable(text) == searchable(found_by) != ""


@given(ANY)
def test_words_stand_in_the_text_they_come_from(text: str) -> None:
    assert all(word in searchable(text) and not word.isspace() and word for word in words(text))


def test_a_long_query_is_refused() -> None:
    with pytest.raises(UserError, match="shorten"):
        words("x" * 1001)


@given(ANY, st.sampled_from([".wav", ".flac", ".ogg"]))
def test_a_file_name_is_one_on_every_system(name: str, suffix: str) -> None:
    made = file_name(name, suffix)
    stem = made.removesuffix(suffix)
    assert made.endswith(suffix) and 0 < len(stem) <= 81 and len(made.encode()) <= 200
    assert not set(made) & set('/\\:*?"<>|\0') and made.isprintable() and stem == stem.strip(" .") and stem[0] != "-"
    assert stem.split(".")[0].strip().lower() not in {"con", "nul", "aux", "prn", "com1", "lpt9"}


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("heavy rain, 3", "heavy rain- 3.wav"),
        ("../../etc", "etc.wav"),
        ("NUL", "_NUL.wav"),
        ("con.x", "_con.x.wav"),
        ("?", "untitled.wav"),
    ],
)
def test_file_names(name: str, made: str) -> None:
    assert file_name(name) == made
