"""What a run did not write, or what has been changed since, is neither removed nor written over."""

import hashlib
from pathlib import Path

import pytest

from soundctm.batch.journal import Journal
from soundctm.batch.place import STATE
from soundctm.errors import UserError
from soundctm.model import SoundCTM
from tests.batch.sheets import SHEET, product, run

ONE, TWO = "prompt,name\nrain,one\n", "prompt,name\nrain,two\n"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def refused(tiny: SoundCTM, sheet: str, out: Path, said: str, **options: str) -> None:
    """A run that ends before anything is made, with every file as it was."""
    before = product(out)
    with pytest.raises(UserError, match=said):
        run(tiny, sheet, out, **options)
    assert product(out) == before


def test_a_folder_with_files_of_others_is_refused(tiny: SoundCTM, out: Path) -> None:
    out.mkdir()
    (out / "song.wav").write_bytes(b"mine")
    refused(tiny, SHEET, out, "holds files that no batch made")


def test_a_file_that_was_there_first_stays(tiny: SoundCTM, out: Path) -> None:
    run(tiny, ONE, out)
    (out / "sounds" / "two_01.wav").write_bytes(b"mine")
    refused(tiny, TWO, out, r"two_01\.wav is there already and no batch made it")


def test_a_sheet_of_another_name_may_not_use_the_folder(tiny: SoundCTM, out: Path) -> None:
    run(tiny, ONE, out)
    refused(tiny, TWO, out, "holds the sounds of the sheet cues, which the sheet others would remove", name="others")
    assert run(tiny, ONE, out).results[0].kept


def test_what_was_changed_in_place_is_not_made_anew(tiny: SoundCTM, out: Path) -> None:
    run(tiny, ONE, out)
    for name in ("sounds/one_01.wav", "pictures/one_01.png", "report.csv", "index.html"):
        whole = (out / name).read_bytes()
        (out / name).write_bytes(whole[:-9])
        refused(tiny, ONE, out, f"{name} was changed after it was made")
        refused(tiny, ONE, out, f"{name} was changed after it was made", loudness="-30")
        (out / name).write_bytes(whole)


def test_a_changed_file_whose_row_is_gone_stays(tiny: SoundCTM, out: Path) -> None:
    run(tiny, ONE, out)
    (out / "sounds" / "one_01.wav").write_bytes(b"trimmed")
    assert run(tiny, TWO, out).removed == ("pictures/one_01.png",)
    assert (out / "sounds" / "one_01.wav").read_bytes() == b"trimmed"
    refused(tiny, ONE, out, r"one_01\.wav is there already")


def test_stale_files_are_removed_and_told(tiny: SoundCTM, out: Path) -> None:
    run(tiny, ONE, out)
    assert run(tiny, TWO, out).removed == ("pictures/one_01.png", "sounds/one_01.wav")
    assert not (out / "sounds" / "one_01.wav").exists()
    assert run(tiny, TWO, out).removed == ()


def test_a_name_that_was_given_up_is_anybodys(tiny: SoundCTM, out: Path) -> None:
    run(tiny, ONE, out)
    mine = (out / "sounds" / "one_01.wav").read_bytes()
    run(tiny, TWO, out)
    (out / "sounds" / "one_01.wav").write_bytes(mine)  # though it be what a run once wrote
    assert run(tiny, TWO, out).removed == ()
    assert (out / "sounds" / "one_01.wav").read_bytes() == mine
    refused(tiny, ONE, out, r"one_01\.wav is there already")


def test_what_comes_while_a_run_is_at_work_is_not_written_over(
    tiny: SoundCTM, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    belong = Journal.belong

    def late(journal: Journal, owner: str) -> None:  # after the files were looked at
        belong(journal, owner)
        (out / "sounds").mkdir()
        (out / "sounds" / "one_01.wav").write_bytes(b"mine")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "belong", late)
        with pytest.raises(UserError, match=r"one_01\.wav is there already"):
            run(tiny, ONE, out)
    assert (out / "sounds" / "one_01.wav").read_bytes() == b"mine"


def test_the_journal_knows_every_file_before_it_is_there(tiny: SoundCTM, out: Path) -> None:
    run(tiny, SHEET, out)
    journal = Journal(out / STATE / "journal.jsonl")
    journal.close()
    assert journal.owner == "the sheet cues"
    for name, data in product(out).items():
        assert journal.wrote(name, hashlib.sha256(data).hexdigest())
