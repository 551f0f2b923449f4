"""Names by the Universal Category System: what they may hold, and where they may lead."""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, count
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundctm import UserError
from soundctm.delivery.names import FIELD_LENGTH, UcsName, create, fx_name_of, sanitised
from tests.oracles.sounds import content

FIELDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ,.'&()-]{0,18}[A-Za-z0-9]", fullmatch=True)
CAT_IDS = st.from_regex(r"[A-Z][A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})?", fullmatch=True)


@given(CAT_IDS, FIELDS, FIELDS, FIELDS, st.one_of(st.just(""), FIELDS))
def test_underscores_part_the_fields_of_a_name(cat_id: str, fx: str, creator: str, source: str, user: str) -> None:
    name = UcsName.of(cat_id, fx, creator, source, user)
    more = [user] if user else []
    assert name.stem().split("_") == [cat_id, fx, creator, source, *more]
    assert name.stem(7).split("_") == [cat_id, f"{fx} 07", creator, source, *more]


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
    taken = [create(tmp_path, names(), ".wav", data) for data in (b"one", b"two", b"one", b"three", b"two")]
    assert [path.name[13:15] for path in taken] == ["01", "02", "01", "03", "02"]
    assert [path.read_bytes() for path in taken] == [b"one", b"two", b"one", b"three", b"two"]
    (tmp_path / f"{name.stem(4)}.wav").mkdir()
    (tmp_path / f"{name.stem(5)}.wav").symlink_to("nowhere")
    assert create(tmp_path, names(), ".wav", b"four").name == f"{name.stem(6)}.wav"
    before = content(tmp_path)
    with pytest.raises(UserError, match="taken"):
        create(tmp_path, [name.stem(1)], ".wav", b"five")
    assert content(tmp_path) == before and not list(tmp_path.glob(".*"))


def no_links(*_: object) -> None:
    raise PermissionError("this file system has no links")


RACERS, SOUNDS = 8, 12


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_of_those_who_race_for_a_name_nobody_loses_a_sound(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    start = Barrier(RACERS)

    def race(racer: int) -> list[Path]:
        start.wait()
        stems = lambda: chain(["rain"], (f"rain_{number}" for number in count(2)))
        return [create(tmp_path, stems(), ".wav", f"{racer} {sound}".encode()) for sound in range(SOUNDS)]

    with ThreadPoolExecutor(RACERS) as pool:
        placed = list(pool.map(race, range(RACERS)))
    for racer, paths in enumerate(placed):
        assert [path.read_text() for path in paths] == [f"{racer} {sound}" for sound in range(SOUNDS)]
    assert len(content(tmp_path)) == RACERS * SOUNDS, "and no unfinished file is left"
