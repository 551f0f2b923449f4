"""Names by the Universal Category System: what they may hold, and where they may lead."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundctm import UserError
from soundctm.delivery.names import FIELD_LENGTH, UcsName, fx_name_of, place, sanitised

FIELDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ,.'&()-]{0,18}[A-Za-z0-9]", fullmatch=True)
CAT_IDS = st.from_regex(r"[A-Z][A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})?", fullmatch=True)


@given(CAT_IDS, FIELDS, FIELDS, FIELDS, st.one_of(st.just(""), FIELDS))
def test_a_name_is_read_back_from_its_stem(cat_id: str, fx: str, creator: str, source: str, user: str) -> None:
    name = UcsName.of(cat_id, fx, creator, source, user)
    assert UcsName.parse(name.stem()) == name
    assert UcsName.parse(name.stem(7)).fx_name == f"{fx} 07"
    assert name.stem().count("_") == (4 if user else 3)


@given(st.text(max_size=200))
def test_any_text_becomes_a_field_or_is_refused_in_words(text: str) -> None:
    try:
        field = sanitised(text)
    except UserError as error:
        assert "FXName" in str(error)
        return
    name = UcsName.of("RAINGen", field, "A", "B")
    path = Path("/folder") / f"{name.stem(1)}.wav"
    assert path.parent == Path("/folder") and path.name.count("_") == 3 and len(field) <= FIELD_LENGTH
    assert sanitised(field) == field


@pytest.mark.parametrize(
    "fields",
    [
        ("RAINGen", "../../etc/passwd", "A", "B"),
        ("RAINGen", "rain", "..", "B"),
        ("RAINGen", "rain", ".", "B"),
        ("RAINGen", "rain", "A", "/abs"),
        ("RAINGen", "rain", "C:\\x", "B"),
        ("RAINGen", "two_fields", "A", "B"),
        ("RAINGen", "line\nbreak", "A", "B"),
        ("RAINGen", "nul\0", "A", "B"),
        ("RAINGen", " rain", "A", "B"),
        ("RAINGen", "rain.", "A", "B"),
        ("RAINGen", "", "A", "B"),
        ("RAINGen", "rain", "", "B"),
        ("RAINGen", "x" * 81, "A", "B"),
        ("RAINGen", "雨" * 80, "A", "B"),
        ("../x", "rain", "A", "B"),
        ("rain", "rain", "A", "B"),
        ("RAIN_Gen", "rain", "A", "B"),
        ("", "rain", "A", "B"),
        ("RAINGen", "rain", "A", "B", "a/b"),
        ("RAINGen", "bidi\u202etxt", "A", "B"),
    ],
)
def test_what_no_name_may_hold_is_refused_in_one_line(fields: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as refused:
        UcsName.of(*fields)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 300


@pytest.mark.parametrize("stem", ["rain", "RAINGen_rain_A", "RAINGen_a_b_c_d_e", "RAINGen__A_B"])
def test_what_is_no_name_is_not_parsed(stem: str) -> None:
    with pytest.raises(UserError):
        UcsName.parse(stem)


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("heavy rain on a tin roof", "Heavy Rain On A Tin Roof"),
        ("rain, then thunder", "Rain Then Thunder"),
        ("../../etc/passwd", "Etc Passwd"),
        (
            "a very long prompt that goes on and on about the rain and the wind",
            "A Very Long Prompt That Goes On And On",
        ),
        ("x" * 99, "X" + "x" * 39),
    ],
)
def test_an_fx_name_is_made_of_a_prompt(prompt: str, name: str) -> None:
    assert fx_name_of(prompt) == name


def test_accents_are_composed() -> None:
    assert UcsName.of("RAINGen", "cafe\u0301", "A", "B") == UcsName.of("RAINGen", "caf\u00e9", "A", "B")


def test_variations_take_the_next_free_name_and_the_same_bytes_the_same(tmp_path: Path) -> None:
    name = UcsName.of("RAINGen", "Rain", "A", "B")
    names = lambda: map(name.stem, count(1))
    taken = []
    for data in (b"one", b"two", b"one", b"three", b"two"):
        path = place(tmp_path, names(), ".wav", data)
        path.write_bytes(data)
        taken.append(path.name[13:15])
    assert taken == ["01", "02", "01", "03", "02"]
    (tmp_path / f"{name.stem(4)}.wav").mkdir()
    assert place(tmp_path, names(), ".wav", b"four").name == f"{name.stem(5)}.wav"
    with pytest.raises(UserError, match="taken"):
        place(tmp_path, [name.stem(1)], ".wav", b"four")
