"""``soundctm batch`` of what cannot be made: sheets, configs and options that are told before anything is done."""

from pathlib import Path

import pytest

from soundctm.cli.batch_words import MOST_FAULTS
from tests.batch.malformed import SHEETS
from tests.oracles.sounds import content


@pytest.mark.parametrize("case", list(SHEETS))
def test_malformed_sheets_name_line_and_column(case: str, refused, tmp_path: Path, tiny_folder: Path) -> None:
    name, data, line, column, said = SHEETS[case]
    (tmp_path / name).write_bytes(data)
    result = refused(said, "batch", name, "--out", "sounds", "--model", tiny_folder)
    assert f"{name}, line {line}, column {column}: " in result.err
    assert len(result.err) < 1000


def test_what_is_no_sheet(refused, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    refused("folder.csv is a folder", "batch", "folder.csv", "--out", "sounds")
    refused("no such file: nowhere.csv", "batch", "nowhere.csv", "--out", "sounds")


def test_all_faults_are_told_at_once_and_nothing_is_made(run, tmp_path: Path) -> None:
    (tmp_path / "cues.csv").write_text("prompt,takes,seconds\nrain,many,x\n,1,\nwind,1,1e9\n")
    result = run("batch", "cues.csv", "--out", "sounds")
    assert result.code == 2 and "Traceback" not in result.err
    *faults, summary = result.err.splitlines()
    assert [fault.split(": ")[0] for fault in faults] == [
        "cues.csv, line 2, column takes", "cues.csv, line 2, column seconds", "cues.csv, line 3, column prompt",
        "cues.csv, line 4, column seconds",
    ]  # fmt: skip
    assert "4 faults" in summary
    assert set(content(tmp_path)) == {"cues.csv"}


def test_of_many_faults_the_first_are_told(run, tmp_path: Path) -> None:
    (tmp_path / "cues.csv").write_text("prompt,takes\n" + "rain,x\n" * (MOST_FAULTS + 7))
    *faults, more, summary = run("batch", "cues.csv", "--out", "sounds").err.splitlines()
    assert len(faults) == MOST_FAULTS and more == "cues.csv, and 7 more" and f"{MOST_FAULTS + 7} faults" in summary


def test_what_does_not_go_with_the_model_is_told_before_anything_is_made(
    run, tmp_path: Path, tiny_folder: Path
) -> None:
    sheet = 'prompt,seconds,intensity\nrain,1,"0:-40, 5:-12"\nwind,1,rise\nbell,1,up\n'
    (tmp_path / "cues.csv").write_text(sheet)
    result = run("batch", "cues.csv", "--out", "out", "--model", tiny_folder)
    assert result.code == 2
    assert "line 2, column intensity" in result.err and "line 4, column intensity" in result.err
    assert "line 3" not in result.err
    assert set(content(tmp_path)) == {"cues.csv"} and not (tmp_path / "out").exists()


def test_faults_of_every_kind_are_told_together(run, tmp_path: Path, tiny_folder: Path) -> None:
    (tmp_path / "no.txt").write_text("gun\n")
    (tmp_path / "list.csv").write_text("Category,SubCategory,CatID\nBELLS,SMALL,BELLSml\n")
    (tmp_path / "cues.csv").write_text(
        'prompt,seconds,intensity,catid\na gun,x,"0:-40, 9:-12",RAINMed\nrain,2,"0:-40, 9:-12",\na gun,,rise,BELLSml\n'
    )
    lists = ("--forbid", "no.txt", "--ucs", "list.csv", "--creator", "A", "--source-id", "B")
    result = run("batch", "cues.csv", "--out", "out", "--model", tiny_folder, *lists)
    *faults, summary = result.err.splitlines()
    assert result.code == 2 and "5 faults" in summary
    assert [fault.split(", ", 1)[1].split(": ")[0] for fault in faults] == [
        "line 2, column seconds", "line 2, column prompt", "line 2, column catid", "line 3, column intensity",
        "line 4, column prompt",
    ]  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_a_list_without_a_creator_is_told_before_anything_is_made(refused, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("Category,SubCategory,CatID\nBELLS,SMALL,BELLSml\n")
    (tmp_path / "cues.csv").write_text("prompt\nrain\n")
    refused("a list of categories needs the other fields", "batch", "cues.csv", "--out", "out", "--ucs", "list.csv")
    refused("a list of categories needs the other fields", "set", "rain", "--out", "out", "--ucs", "list.csv")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seeed = 1", "key seeed"),
        ("seed = 'one'", "key seed"),
        ("[defaults]\nprompt = 'x'", "prompt cannot have a default"),
        ("[defaults]\nmatch = 'much'", "match: 'much' is no number"),
        ("[files]\ncreater = 'x'", "key files.creater"),
        ("seed = ", "no TOML"),
        ("[forbidden]\nhook = 'nowhere:f'", "not to be found"),
        ("[forbidden]\nlists = ['none.txt']", "no such file: none.txt"),
    ],
)
def test_configs_that_cannot_be_used(text: str, said: str, refused, tmp_path: Path) -> None:
    (tmp_path / "batch.toml").write_text(text)
    (tmp_path / "cues.csv").write_text("prompt\nrain\n")
    refused(said, "batch", "cues.csv", "--out", "out", "--config", "batch.toml")


def test_options_out_of_range(refused, tmp_path: Path) -> None:
    (tmp_path / "cues.csv").write_text("prompt\nrain\n")
    for option, value, said in [
        ("--seed", "-1", "seed is -1"), ("--default", "takes", "COLUMN=VALUE"),
        ("--default", "takes=x", "no whole number"),
        ("--form", "xls", "--form is 'xls'"), ("--hook", "nothing", "module:function"),
        ("--config", "none.toml", "no such file"), ("--forbid", "none.txt", "no such file"),
    ]:  # fmt: skip
        refused(said, "batch", "cues.csv", "--out", "out", option, value)
