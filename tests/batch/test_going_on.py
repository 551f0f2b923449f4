"""A batch that is cut off, changed or crowded: its folder comes to the same in the end."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from soundctm.batch.place import STATE, held
from soundctm.batch.report import KEPT
from soundctm.errors import UserError
from soundctm.model import SoundCTM
from tests.batch.killed import begin, killed
from tests.batch.sheets import SHEET, product, run

JOURNAL = f"{STATE}/journal.jsonl"


def test_kills_at_random_moments_leave_no_trace(tiny_folder: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    begin(tiny_folder, SHEET, whole).join()
    lines = (whole / JOURNAL).read_bytes().count(b"\n")
    moments = np.random.default_rng(5).integers(1, lines // 5, 4).tolist()
    assert all([killed(tiny_folder, SHEET, cut, cut / JOURNAL, moment) for moment in moments])
    last = begin(tiny_folder, SHEET, cut)
    last.join()
    assert last.exitcode == 0
    assert product(cut) == product(whole)


def left_by_a_kill(folder: Path, journal: bytes, rng: np.random.Generator) -> None:
    """Cut a whole folder down to what lies there when a run is killed after these bytes of its journal: nothing that is
    not noted in a whole line, and some of what is."""
    lines = [json.loads(line) for line in journal[: journal.rfind(b"\n") + 1].splitlines()]
    noted = {name for line in lines for name in line.get("files", ())}
    (folder / JOURNAL).write_bytes(journal)
    for name in product(folder):
        if name not in noted or rng.random() < 0.3:
            (folder / name).unlink()


def test_a_journal_that_ends_anywhere_leads_to_the_same_folder(batch, tmp_path: Path) -> None:
    batch(SHEET, "whole")
    data = (tmp_path / "whole" / JOURNAL).read_bytes()
    rng = np.random.default_rng(3)
    for end in [0, 1, len(data) - 1, *rng.integers(2, len(data), 4).tolist()]:
        shutil.copytree(tmp_path / "whole", tmp_path / "cut")
        left_by_a_kill(tmp_path / "cut", data[:end], rng)
        for _ in range(2):  # the second run reads what the first one appended
            batch(SHEET, "cut")
            assert product(tmp_path / "cut") == product(tmp_path / "whole")
        shutil.rmtree(tmp_path / "cut")


def test_what_is_done_is_not_done_again(batch, tmp_path: Path) -> None:
    batch(SHEET)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "sounds").iterdir()}
    journal = (tmp_path / "out" / JOURNAL).read_bytes()
    batch(SHEET)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "sounds").iterdir()} == before
    assert (tmp_path / "out" / JOURNAL).read_bytes() == journal


def test_what_another_version_noted_is_made_anew(batch, tmp_path: Path) -> None:
    """Its fields may be others; what it wrote is still known to be the batch's own."""
    batch(SHEET)
    whole = product(tmp_path / "out")
    facts = [json.loads(line) for line in (tmp_path / "out" / JOURNAL).read_bytes().splitlines()]
    old = [{"gamma": 0.2, **fact, "form": 1, "row": "0" * 16} if fact["kind"] == "try" else fact for fact in facts]
    (tmp_path / "out" / JOURNAL).write_bytes(b"".join(json.dumps(fact).encode() + b"\n" for fact in old))
    batch(SHEET)
    assert product(tmp_path / "out") == whole


def test_lost_files_are_made_again(batch, tmp_path: Path) -> None:
    batch(SHEET)
    whole = product(tmp_path / "out")
    for name in ("report.csv", "index.html", next(name for name in whole if name.startswith("sounds"))):
        (tmp_path / "out" / name).unlink()
    batch(SHEET)
    assert product(tmp_path / "out") == whole


def test_a_changed_sheet_comes_to_what_it_would_come_to_alone(batch, tmp_path: Path) -> None:
    batch("prompt,name,takes\nrain,one,2\nthunder,two,3\na bell,three,2\n")
    kept = (tmp_path / "out" / "sounds" / "one_01.wav").stat().st_mtime_ns
    changed = "prompt,name,takes\na heavy bell,four,1\nrain,one,2\nheavy thunder,two,2\n"
    batch(changed)
    batch(changed, "anew")
    assert product(tmp_path / "out") == product(tmp_path / "anew")
    assert (tmp_path / "out" / "sounds" / "one_01.wav").stat().st_mtime_ns == kept
    names = {path.name for path in (tmp_path / "out" / "sounds").iterdir()}
    assert names == {"four_01.wav", "one_01.wav", "one_02.wav", "two_01.wav", "two_02.wav"}


@pytest.mark.parametrize("change", ["match=0.1", "tries=2", "loudness=-30", "format=flac", "takes=2", "duplicate=0.98"])
def test_every_kind_of_column_makes_a_row_anew(change: str, batch, tmp_path: Path) -> None:
    sheet = "prompt,name\nrain,one\n"
    column, value = change.split("=")
    batch(sheet, takes="3", match="0.2")
    batch(sheet, **({"takes": "3", "match": "0.2"} | {column: value}))
    batch(sheet, "anew", **({"takes": "3", "match": "0.2"} | {column: value}))
    assert product(tmp_path / "out") == product(tmp_path / "anew")


def test_a_row_depends_on_nothing_beside_it(batch, tmp_path: Path) -> None:
    batch(SHEET)
    head, *rows = SHEET.splitlines()
    batch("\n".join([head, rows[1], rows[0]]) + "\n", "two")
    alone = product(tmp_path / "two")
    assert any(name.startswith("sounds") for name in alone)
    assert {name: data for name, data in product(tmp_path / "out").items() if name in alone and "/" in name} == {
        name: data for name, data in alone.items() if "/" in name
    }


def test_half_written_files_are_swept_up_and_others_stay(batch, tiny: SoundCTM, tmp_path: Path) -> None:
    batch(SHEET)
    sounds = tmp_path / "out" / "sounds"
    (sounds / ".heavy-rain_01.wav.0a1b2c3d.partial").write_bytes(b"half")
    (sounds / "mine.wav").write_bytes(b"mine")
    (sounds / ".mine.wav.0a1b2c3d.partial").write_bytes(b"mine too")
    run(tiny, SHEET.splitlines()[0] + "\n" + SHEET.splitlines()[1] + "\n", tmp_path / "out", remove=True)
    names = {path.name for path in sounds.iterdir()}
    assert {"mine.wav", ".mine.wav.0a1b2c3d.partial"} < names
    assert all(name.startswith(("heavy-rain_", "mine", ".mine")) for name in names)


def test_a_second_run_in_the_folder_is_refused(batch, tmp_path: Path) -> None:
    with held(tmp_path / "out"), pytest.raises(UserError, match="another run is at work"):
        batch(SHEET)
    assert any(result.kept for result in batch(SHEET))


def test_a_damaged_journal_is_told(batch, tmp_path: Path) -> None:
    batch(SHEET)
    path = tmp_path / "out" / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"\0" * 20 + b"\n", *lines[2:]]))
    with pytest.raises(UserError, match=r"line 2 of .* cannot be read"):
        batch(SHEET)


def test_every_kept_take_is_in_the_journal_with_its_files(batch: Callable, tmp_path: Path) -> None:
    results = batch(SHEET)
    entries = [json.loads(line) for line in (tmp_path / "out" / JOURNAL).read_text().splitlines()]
    written = {name for entry in entries if entry["kind"] == "try" for name in entry["files"]}
    assert written == {name for result in results for name in result.files}
    assert sum(int(result.cells["tries"]) for result in results) == sum(entry["kind"] == "try" for entry in entries)
    assert {result.cells["verdict"] == KEPT for result in results} == {True, False}, "the sheet tries both"


@pytest.mark.parametrize("name", ["../mine.wav", "sounds/../../mine.wav", "/mine.wav", ".."])
def test_a_journal_cannot_reach_out_of_its_folder(name: str, batch, tmp_path: Path) -> None:
    batch("prompt\nrain\n")
    (tmp_path / "mine.wav").write_bytes(b"mine")
    with (tmp_path / "out" / JOURNAL).open("ab") as journal:
        journal.write(
            json.dumps({"kind": "writes", "files": {name: hashlib.sha256(b"mine").hexdigest()}}).encode() + b"\n"
        )
    with pytest.raises(UserError, match="cannot be read"):
        batch("prompt\nrain\n")
    assert (tmp_path / "mine.wav").read_bytes() == b"mine"
