"""What a run did not write, or what has been changed since, is neither removed nor written over."""

import hashlib
from pathlib import Path

import pytest

from soundctm.batch.job import owner_of
from soundctm.batch.journal import Journal
from soundctm.batch.place import STATE, Owner
from soundctm.errors import UserError
from soundctm.model import SoundCTM
from tests.batch.sheets import CUES, SHEET, product, run
from tests.oracles.sounds import content

ONE, TWO = "prompt,name\nrain,one\n", "prompt,name\nrain,two\n"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def refused(tiny: SoundCTM, sheet: str, out: Path, said: str, owner: Owner = CUES, **options: str) -> None:
    """A run that ends before anything is made, with every file as it was."""
    before = product(out)
    with pytest.raises(UserError, match=said):
        run(tiny, sheet, out, owner=owner, **options)
    assert product(out) == before


def test_a_folder_with_files_of_others_is_refused(tiny: SoundCTM, out: Path) -> None:
    out.mkdir()
    (out / "song.wav").write_bytes(b"mine")
    refused(tiny, SHEET, out, "holds files that no batch made")


def test_a_file_that_was_there_first_stays(tiny: SoundCTM, out: Path) -> None:
    run(tiny, ONE, out)
    (out / "sounds" / "two_01.wav").write_bytes(b"mine")
    refused(tiny, ONE + "rain,two\n", out, r"two_01\.wav is there already and no batch made it")


def test_a_sheet_of_another_name_may_not_use_the_folder(tiny: SoundCTM, out: Path) -> None:
    run(tiny, ONE, out)
    said = "holds the sounds of the sheet cues, which the sheet others would remove"
    refused(tiny, TWO, out, said, owner=Owner("the sheet others"))
    assert run(tiny, ONE, out).results[0].kept
    assert len(run(tiny, TWO, out, owner=Owner("the sheet others"), remove=True).removed) == 2
    refused(tiny, ONE, out, "holds the sounds of the sheet others")


def test_sheets_are_told_by_their_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = owner_of("p1/cues.csv"), owner_of("p2/cues.csv")
    assert one != other and one == owner_of(str(tmp_path / "p2" / ".." / "p1" / "cues.csv")) and one.sure
    assert owner_of("-", "mine") == owner_of("p1/cues.csv", "mine") != owner_of("-") != owner_of("./-")
    assert not owner_of("-").sure


THREE = "prompt,name,seconds\nrain,one,\nwind,two,\nbell,three,\n"


@pytest.mark.parametrize(
    "other", [TWO, *(THREE.replace(*change) for change in (("one,", "four,"), ("wind", "sea"), ("two,", "two,0.5")))]
)
def test_a_sheet_without_a_name_of_its_own_changes_nothing(other: str, tiny: SoundCTM, out: Path) -> None:
    nameless = Owner("the sheet from the standard input", sure=False)
    run(tiny, THREE, out, owner=nameless)
    refused(tiny, other, out, r"the standard input would change or remove [13] of the sounds", owner=nameless)
    more = THREE + "sea,four,\n"
    assert [run(tiny, more, out, owner=nameless).added, run(tiny, more, out, owner=nameless).added] == [1, 0]
    assert run(tiny, other, out, owner=nameless, remove=True).removed or other.count("\n") == 4


def test_more_than_half_of_the_rows_go_only_where_that_is_meant(tiny: SoundCTM, out: Path) -> None:
    run(tiny, THREE, out)
    refused(tiny, ONE, out, "would remove the sounds of 2 of the 3 rows")
    assert len(run(tiny, THREE.replace("one,", "four,"), out).removed) == 2, "one of three is an ordinary change"
    assert run(tiny, THREE.replace("one,", "four,"), out, loudness="-30").changed == 3, "and so is a new setting"
    assert len(run(tiny, ONE, out, remove=True).removed) == 6


@pytest.mark.parametrize("name", ["sounds", "pictures", STATE])
def test_a_link_to_another_folder_is_not_followed(name: str, tiny: SoundCTM, out: Path, tmp_path: Path) -> None:
    run(tiny, ONE, out)
    (out / name).rename(tmp_path / "elsewhere")
    (out / name).symlink_to(tmp_path / "elsewhere")
    before = content(tmp_path)
    with pytest.raises(UserError, match=f"{name} is a link to another place"):
        run(tiny, ONE, out, remove=True, loudness="-30")
    assert content(tmp_path) == before


def test_what_was_made_is_told_from_what_was_there(tiny: SoundCTM, out: Path) -> None:
    def news(sheet: str) -> tuple[int, int]:
        outcome = run(tiny, sheet, out)
        return outcome.added, outcome.changed

    assert [news(ONE), news(ONE), news("prompt,name,seed\nrain,one,5\nwind,two,\n")] == [(1, 0), (0, 0), (1, 1)]


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
    refused(tiny, TWO + "rain,one\n", out, r"one_01\.wav is there already")


def test_stale_files_are_removed_and_told(tiny: SoundCTM, out: Path) -> None:
    run(tiny, ONE, out)
    assert run(tiny, TWO, out, remove=True).removed == ("pictures/one_01.png", "sounds/one_01.wav")
    assert not (out / "sounds" / "one_01.wav").exists()
    assert run(tiny, TWO, out).removed == ()


def test_a_name_that_was_given_up_is_anybodys(tiny: SoundCTM, out: Path) -> None:
    run(tiny, ONE, out)
    mine = (out / "sounds" / "one_01.wav").read_bytes()
    run(tiny, TWO, out, remove=True)
    (out / "sounds" / "one_01.wav").write_bytes(mine)  # though it be what a run once wrote
    assert run(tiny, TWO, out).removed == ()
    assert (out / "sounds" / "one_01.wav").read_bytes() == mine
    refused(tiny, TWO + "rain,one\n", out, r"one_01\.wav is there already")


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
