"""Tables are read as the standard library reads them, and rows are the same in every form of sheet."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundctm.batch.faults import SheetError
from soundctm.batch.gates import Gates
from soundctm.batch.names import checked_name, free_name, name_of, searchable
from soundctm.batch.order import seed_of
from soundctm.batch.reading import read_text
from soundctm.batch.row import COLUMNS, MOST_TRIES, OWN
from soundctm.batch.sheet import MOST_ROWS, read_sheet
from soundctm.batch.table import Broken, records
from soundctm.delivery.process import Delivery
from soundctm.errors import UserError
from tests.batch.sheets import rows

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\x85\u2028\u2029\v\f\x1c\x1d\x1e"), max_size=12)


@given(
    st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=5),
    st.sampled_from([",", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_standard_library_writes_is_read(table: list[list[str]], mark: str, end: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=mark, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    wanted = [tuple(cell.strip() for cell in row) for row in table]
    assert [record.cells for record in records(text.getvalue(), mark)] == [row for row in wanted if any(row)]


@given(st.text('ab",\n\r\t ', max_size=30))
def test_any_text_is_a_table_or_says_where_it_breaks(text: str) -> None:
    try:
        found = list(records(text, ","))
    except Broken as error:
        assert 1 <= error.fault.line <= text.count("\n") + text.count("\r") + 1
        return
    assert [record.line for record in found] == sorted(record.line for record in found)


def test_lines_are_counted_as_an_editor_does() -> None:
    found = list(records('a,b\n\n"x\ny",1\r\nlast,2', ","))
    assert [(record.line, record.cells) for record in found] == [
        (1, ("a", "b")),
        (3, ("x\ny", "1")),
        (5, ("last", "2")),
    ]


def test_all_forms_of_a_sheet_come_to_the_same_rows() -> None:
    table = [
        ["prompt", "takes", "seconds", "loop", "nu", "negative", "format"],
        ["rain, heavy", "3", "1.5", "yes", "", "", "ogg"],
        ['a "door"', "1", "", "no", "2", "wind", "flac"],
    ]
    comma = io.StringIO()
    csv.writer(comma).writerows(table)
    tab = "\n".join("\t".join(row) for row in table)
    objects = [
        {"prompt": "rain, heavy", "takes": 3, "seconds": 1.5, "loop": True, "format": "ogg"},
        {"prompt": 'a "door"', "loop": False, "nu": 2, "negative": "wind", "format": "flac", "seed": None},
    ]
    lines = "\n".join(map(json.dumps, objects))
    found = [
        [line.row for line in rows(text, form)]
        for text, form in [(comma.getvalue(), "csv"), (tab, "tsv"), (lines, "jsonl")]
    ]
    assert found[0] == found[1] == found[2]


def test_defaults_give_way_to_cells() -> None:
    first, second = (
        line.row for line in rows("prompt,takes,loudness\nrain,2,\nwind,,-30\n", takes="5", loudness="-20", steps="4")
    )
    assert (first.takes, first.steps, first.delivery.loudness, first.delivery.level) == (2, 4, -20, "loudness")
    assert (second.takes, second.delivery.loudness) == (5, -30)


def test_a_level_of_a_row_counts_before_a_default_of_another() -> None:
    text = "prompt,level,loudness\nrain,peak,\nwind,,-30\nbell,,\n"
    found = [line.row.delivery for line in rows(text, loudness="-20")]
    assert [(each.level, each.loudness) for each in found] == [("peak", -23), ("loudness", -30), ("loudness", -20)]
    found = [line.row.delivery for line in rows(text, level="peak")]
    assert [each.level for each in found] == ["peak", "loudness", "peak"]


def test_defaults_for_trims_say_nothing_of_rows_without_one() -> None:
    trimmed, other = (line.row.delivery for line in rows("prompt,trim\nrain,yes\nwind,\n", threshold="-40"))
    assert (trimmed.trim, trimmed.threshold, other.trim) == (True, -40, False)


@pytest.mark.parametrize(
    ("defaults", "said"),
    [({"level": "peak", "loudness": "-20"}, "loudness: a loudness and the level 'peak'"), ({"takes": "1_0"}, "takes")],
)
def test_defaults_that_cannot_be(defaults: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        rows("prompt\nrain\n", **defaults)


def test_curves_and_relatives_get_steps_that_they_need() -> None:
    text = "prompt,intensity,distance,steps\nrain,,,\nrain,rise,,\nrain,,near,\nrain,rise,,3\n"
    assert [line.row.steps for line in rows(text)] == [1, 16, 16, 3]


def test_columns_belong_to_one_part_of_a_row() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS) == len(OWN) + len(Gates.model_fields) + len(Delivery.model_fields)


def test_rows_without_names_get_free_ones() -> None:
    found = [line.row.name for line in rows("prompt,name\nRain!,\nrain,\nwind,rain-2\n???,\nCON,\n")]
    assert found == ["rain", "rain-3", "rain-2", "sound", "con-sound"]
    numbered = [line.numbered for line in rows("prompt,name\nrain,\nrain,\nwind,\nrain,rain-4\n")]
    assert numbered == [False, True, False, False]


@given(st.text(max_size=200), st.text(max_size=200))
def test_names_made_of_prompts_are_good_names(one: str, two: str) -> None:
    first = name_of(one)
    second, _ = free_name(name_of(two), {searchable(first)})
    assert checked_name(first) == first and checked_name(second) == second
    assert searchable(first) != searchable(second)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "a:b", "-a", "a ", "nul", "Com1", "a\nb", "a\u202eb", "x" * 81, "~", "a.wav"]
)
def test_tricks_are_no_names(name: str) -> None:
    with pytest.raises(UserError):
        checked_name(name)


def test_seeds_follow_from_sheet_seed_and_name() -> None:
    seeds = {seed_of(seed, name) for seed in range(4) for name in ("rain", "wind", "1", "11")}
    assert len(seeds) == 16
    assert all(0 <= seed < seed + MOST_TRIES < 2**53 for seed in seeds), "a spreadsheet keeps no more"
    assert seed_of(0, "rain") == 1686564734437259, "a change makes every sheet sound otherwise"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_length_is_another_word_for_seconds(form: str) -> None:
    text = {"csv": "prompt,length\nrain,2\n", "jsonl": '{"prompt": "rain", "length": 2}\n'}[form]
    assert [line.row.seconds for line in rows(text, form, seconds="5")] == [2.0]
    assert rows("prompt\nrain\n", length="3")[0].row.seconds == 3.0
    both = {"csv": "prompt,length,seconds\nrain,2,\n", "jsonl": '{"prompt": "rain", "length": 2, "seconds": 3}\n'}
    with pytest.raises(SheetError, match=r"column length: .*is another word for seconds"):
        rows(both[form], form)
    with pytest.raises(SheetError, match=r"line ., column length: 'x' is no number"):
        rows(text.replace("2", "x" if form == "csv" else '"x"'), form)
    with pytest.raises(UserError, match="length: is another word for seconds"):
        rows("prompt\nrain\n", length="3", seconds="2")


def test_the_tolerance_of_lengths_has_a_word_of_its_own() -> None:
    (line,) = rows("prompt,length,length_tolerance\nrain,2,0.5\n")
    assert (line.row.seconds, line.row.gates.length_tolerance) == (2.0, 0.5)


def test_a_seed_that_was_copied_is_told_but_other_forms_of_a_sound_are_meant() -> None:
    head, one = "prompt,name,takes,seed,format,tries\n", "rain,a,4,7,,\n"
    for other in ("rain,b,1,7,wav24,9\n", "rain,b,,7,,\n"):
        with pytest.raises(SheetError, match="line 3, column seed: 7 is the seed of line 2 too"):
            rows(head + one + other)
    for other in ("rain,b,4,7,ogg,\n", "rain,b,4,8,,\n", "Rain,b,4,7,,\n", "rain,b,4,,,\n"):
        assert len(rows(head + one + other)) == 2
    with pytest.raises(SheetError, match="7 is the seed of line 2 too"):
        rows("prompt\nrain\nrain\n", seed="7")


def test_faults_come_in_the_order_of_lines() -> None:
    with pytest.raises(SheetError) as caught:
        rows("prompt,name,takes\nrain,a,x\nwind,b,2\nbell,a,1\nsea,c,y\n")
    assert [fault.line for fault in caught.value.faults] == [2, 4, 5]


WORDS = [  # what sheets are made of, and what they must not be made of
    b"prompt", b"takes", b"name", b"loop", b"rain", b"3", b"-1", b"nan", b"1e999", b"true", b'"', b",", b"\t", b"\n",
    b"\r", b"{", b"}", b":", b"[", b"\0", b"\xff", b"\xef\xbb\xbf", "ä".encode(), b"..", b"/", b" "]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=40).map(b"".join), st.sampled_from(["csv", "tsv", "jsonl", None]))
def test_any_bytes_are_a_sheet_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, form: str | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.sheet"
    path.write_bytes(data)
    try:
        found = read_sheet(read_text(str(path), form))
    except UserError as error:
        assert "Traceback" not in str(error)
        return
    assert all(line.row.prompt.strip() and checked_name(line.row.name) for line in found)


class Taken(set[str]):
    """Counts how often it is asked."""

    asked = 0

    def __contains__(self, name: object) -> bool:
        self.asked += 1
        return super().__contains__(name)


def test_a_name_is_found_from_the_last_number_on() -> None:
    taken, number = Taken(), 1
    for _ in range(100):
        name, number = free_name("rain", taken, number)
        taken.add(searchable(name))
    assert name == "rain-100" and taken.asked <= 2 * 100


def test_many_rows_of_one_prompt_get_names_of_their_own() -> None:
    found = [line.row.name for line in rows("prompt\n" + "rain\n" * MOST_ROWS)]
    assert found[:2] == ["rain", "rain-2"] and found[-1] == f"rain-{MOST_ROWS}"


def test_old_line_ends_inside_quotes_count_as_lines() -> None:
    found = list(records('a,b\r"x\ry",1\rlast,2', ","))
    assert [record.line for record in found] == [1, 2, 4]
