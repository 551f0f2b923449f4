"""``soundctm batch`` and ``soundctm set`` as they are typed."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundctm import Clip
from soundctm.cli.batch_words import MOST_FAULTS
from tests.batch.malformed import SHEETS
from tests.oracles.commands import Result, check_refusal, made
from tests.oracles.sounds import content

LENIENT = ("--default", "match=-1", "--default", "silence=-100", "--default", "understood=-1")


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


def test_what_a_prompt_was_understood_as_is_told(run, tmp_path: Path) -> None:
    (tmp_path / "cues.csv").write_text("prompt,match,seconds\nzzqx blorf wug,-1,1\na bonfire,-1,1\nrain,-1,1\n")
    result = run("batch", "cues.csv", "--out", "out", "--engine", "eager")
    assert result.code == 1 and "2 takes kept of 3, from 2 candidates" in result.out
    assert 'left out: zzqx-blorf-wug, take 1: understood as "' in result.out
    assert "which is too far from the prompt (0." in result.out and "0.38 is needed" in result.out
    assert 'a-bonfire: understood as "' in result.out and "rain: understood" not in result.out
    table = (tmp_path / "out" / "report.csv").read_text().splitlines()
    assert "understood_score" in table[0] and "understood as" in table[1]


def test_a_folder_takes_no_other_set_and_says_what_it_removes(run, refused, tmp_path: Path, tiny_folder: Path) -> None:
    lenient = (*LENIENT, "--default", "duplicate=1", "--distance", "0-1", "--steps", "2", "--model", tiny_folder)
    made(run("set", "a knock", "--takes", "3", "--out", "lib", *lenient, "--json"))
    before = content(tmp_path / "lib")
    (tmp_path / "r.csv").write_text("prompt\nrain\n")
    batch = ("batch", "r.csv", "--out", "lib", "--model", tiny_folder)
    refused(f"lib holds the sounds of the set a-knock, which the sheet {tmp_path / 'r.csv'} would remove", *batch)
    other = ("set", "a knock", "--takes", "3", "--name", "other", "--out", "lib", *lenient)
    refused("lib holds the sounds of the set a-knock, which the set other would remove", *other)
    assert content(tmp_path / "lib") == before
    said = run("set", "a knock", "--takes", "2", "--out", "lib", *lenient).out
    assert "removed 2 files that no row makes any more: pictures/a-knock_03.png, sounds/a-knock_03.wav" in said
    again = json.loads(run("set", "a knock", "--takes", "2", "--out", "lib", *lenient, "--json").out)
    assert (again["removed"], again["added"], again["changed"]) == ([], 0, 0)
    assert "removed 4 files" in run(*batch, "--remove").out


def test_a_sheet_from_the_standard_input(run, monkeypatch, tmp_path: Path, tiny_folder: Path) -> None:
    lines = b'{"prompt": "rain", "takes": 2, "seconds": 0.5}\n{"prompt": "a bell", "name": "ding"}\n'

    def batch(data: bytes, *options: str) -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return run("batch", "-", "--out", "out", "--model", tiny_folder, *LENIENT, "--json", *options)

    files = made(batch(lines))
    assert [Path(file["file"]).name for file in files] == ["rain_01.wav", "rain_02.wav", "ding_01.wav"]
    assert all(Path(file["file"]).is_file() for file in files)
    other, before = b'{"prompt": "wind"}\n', content(tmp_path)
    check_refusal(batch(other), "the standard input would change or remove 3 of the sounds in out")
    check_refusal(batch(lines, "--id", "mine"), "which the sheet of the id mine would remove")
    assert content(tmp_path) == before
    made(batch(other, "--id", "mine", "--remove"))
    made(batch(other + lines, "--id", "mine"))
    assert {path.name for path in (tmp_path / "out" / "sounds").iterdir()} == {
        "wind_01.wav", "rain_01.wav", "rain_02.wav", "ding_01.wav",
    }  # fmt: skip


def test_what_is_not_as_it_was_asked_for_is_told(run, tmp_path: Path, tiny_folder: Path) -> None:
    (tmp_path / "cues.csv").write_text(
        "prompt,name,loudness,ceiling,sample_rate,nu,seed\nrain,low,-1,-20,,,\nrain,cut,,,48000,20,6\n"
        "wind,,,,,,5\nwind,,,,,,5\n"
    )
    result = run("batch", "cues.csv", "--out", "out", "--model", tiny_folder, *LENIENT)
    assert result.code == 0 and "4 new, 0 made anew, 0 as before" in result.out
    assert "not at the loudness that was asked for (see the ceiling): 1 take: low_01.wav (" in result.out
    assert "cut at full scale by the format: 1 take: cut_01.wav (" in result.out
    assert "numbered by their order, for want of names, and seeded by that: line 5 (wind-2); give" in result.out
    assert "lines 4, 5 have the same prompt, seed and settings" in result.out
    again = run("batch", "cues.csv", "--out", "out", "--model", tiny_folder, *LENIENT)
    assert "0 new, 0 made anew, 4 as before" in again.out


def test_rows_without_a_category_are_told(run, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("Category,SubCategory,CatID,Synonyms\nBELLS,SMALL,BELLSml,a bell\n")
    (tmp_path / "cues.csv").write_text("prompt,match,seconds,catid\nheavy rain,-1,1,\nrain,-1,1,BELLSml\n")
    lists = ("--ucs", "list.csv", "--creator", "A", "--source-id", "B")
    said = run("batch", "cues.csv", "--out", "out", "--engine", "eager", *lists).out
    assert "not named by UCS, for no category comes to 0.5: 1 row, with the nearest heavy-rain (BELLSml at " in said


def test_takes_that_are_left_out_are_told(run, tmp_path: Path, tiny_folder: Path) -> None:
    (tmp_path / "cues.csv").write_text("prompt,match,tries\nrain,1,2\nthunder,-1,1\n")
    result = run("batch", "cues.csv", "--out", "out", "--model", tiny_folder)
    assert result.code == 1
    assert "1 take kept of 2, from 3 candidates" in result.out
    assert "left out: rain, take 1: try 1: match" in result.out
    assert list((tmp_path / "out" / "sounds").iterdir()) == [tmp_path / "out" / "sounds" / "thunder_01.wav"]


def test_an_interrupt_ends_with_130_and_the_command_goes_on(
    run, monkeypatch, tmp_path: Path, tiny_folder: Path
) -> None:
    from soundctm.batch.journal import Journal

    (tmp_path / "cues.csv").write_text("prompt,takes\nrain,3\nthunder,3\n")
    command = ("batch", "cues.csv", "--out", "out", "--model", tiny_folder, *LENIENT)
    add, added = Journal.add, []

    def interrupted(journal: Journal, entry: object) -> None:
        added.append(entry)
        if len(added) == 3:
            raise KeyboardInterrupt
        add(journal, entry)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", interrupted)
        result = run(*command)
    assert result.code == 130 and "interrupted" in result.err
    assert not (tmp_path / "out" / "report.csv").exists()
    assert run(*command).code == 0
    assert len(list((tmp_path / "out" / "sounds").iterdir())) == 6


def test_forbidden_prompts_are_refused_before_anything_is_made(refused, tmp_path: Path) -> None:
    (tmp_path / "no.txt").write_text("# ours\ngunshot\n")
    (tmp_path / "cues.csv").write_text("prompt\nrain\na Gunshot far away\n")
    said = refused(
        "refused: the list of what is forbidden has 'gunshot'", "batch", "cues.csv", "--out", "o", "--forbid", "no.txt"
    )
    assert "line 3, column prompt" in said.err
    refused("refused", "set", "a gunshot", "--out", "o", "--forbid", "no.txt")


def test_a_config_holds_defaults_gates_and_names(run, tmp_path: Path, tiny_folder: Path) -> None:
    (tmp_path / "batch.toml").write_text(
        'seed = 3\n[defaults]\ntakes = 2\nformat = "flac"\nmatch = -1.0\nsilence = -100.0\n'
        '[files]\ncreator = "ABC"\nsource = "LIB"\n'
    )
    (tmp_path / "cues.csv").write_text("prompt,catid,takes\na bell,BELLSml,\nrain,,1\n")
    files = made(run("batch", "cues.csv", "--out", "out", "--config", "batch.toml", "--model", tiny_folder, "--json"))
    names = [Path(file["file"]).name for file in files]
    assert names == ["BELLSml_A Bell 01_ABC_LIB.flac", "BELLSml_A Bell 02_ABC_LIB.flac", "rain_01.flac"]


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


def test_a_set_of_a_prompt_and_of_a_file(run, take: str, tmp_path: Path, tiny_folder: Path) -> None:
    lenient = (*LENIENT, "--default", "duplicate=1", "--distance", "0-1@0.5", "--steps", "2", "--model", tiny_folder)
    words = run("set", "a bell", "--takes", "3", "--name", "ding", "--out", "words", *lenient, "--json")
    assert [Path(file["file"]).name for file in made(words)] == ["ding_01.wav", "ding_02.wav", "ding_03.wav"]
    files = made(run("set", take, "--takes", "3", "--out", "file", *lenient, "--json"))
    assert [file["variation"] for file in files] == [0, 1, 2]
    assert {file["seed"] for file in files} == {4}
    report = json.loads(words.out)
    assert report["kept"] == 3 and report["tries"] >= 3


def test_the_take_of_a_file_is_the_first_of_its_set(run, take: str, tiny_folder: Path) -> None:
    lenient = ("--takes", "1", *LENIENT[2:], "--default", "match=1", "--model", tiny_folder, "--json")
    (several,) = made(
        run("generate", "rain", "--takes", 1, "--steps", 3, "--seed", 4, "--model", tiny_folder, "--json")
    )
    for file, steps, options, notes in [
        (several["wav"], 3, (), 0), (several["wav"], 2, ("--steps", "2"), 1), (take, 16, (), 1),
    ]:  # fmt: skip
        result = run("set", file, "--out", f"out{steps}", *lenient, *options)
        (first,) = made(result)
        assert first["verdict"] == "kept" and first["steps"] == steps
        assert len(json.loads(result.out)["notes"]) == notes
        same = np.abs(Clip.load(first["file"]).samples - Clip.load(file).samples).max() < 2**-15
        assert same == (notes == 0)


def test_sets_that_cannot_be(refused, run, take: str, files: Path, tiny_folder: Path) -> None:
    for said, *arguments in [
        ("prompt is empty", ""), ("takes is 0", "rain", "--takes", "0"), ("no distance", "rain", "--distance", "huge"),
        ("carries no recipe", "sea.wav"), ("seed: the file's own recipe", take, "--seed", "3"),
        ("2 steps or more", "rain", "--steps", "1"), ("no name", "rain", "--name", "a/b"),
    ]:  # fmt: skip
        refused(said, "set", *arguments, "--out", "out")
    check_refusal(run("set", take, "--out", "out", "--model", "mini"), "made by model")


def test_a_file_that_is_not_there_is_no_prompt(refused) -> None:
    for name in ("knock.wav", "folder/knock.flac", "knock.OGG"):
        refused(f"no such file: {name}", "set", name, "--out", "out")


def test_defaults_hold_for_a_set_where_no_option_says_otherwise(run, tiny_folder: Path) -> None:
    given = ("--default", "takes=3", "--default", "steps=2", "--default", "distance=0-1@0.5")
    lenient = (*LENIENT, "--default", "duplicate=1", "--model", tiny_folder, "--json")
    files = made(run("set", "a bell", *given, "--out", "three", *lenient))
    assert len(files) == 3 and Clip.load(files[0]["file"]).recipe.steps == 2
    files = made(run("set", "a bell", *given, "--takes", "2", "--out", "two", *lenient))
    assert len(files) == 2


def test_samples_that_are_cut_are_counted_in_the_report(run, tmp_path: Path, tiny_folder: Path) -> None:
    (tmp_path / "cues.csv").write_text(
        "prompt,sample_rate,format,nu,seed\nrain,48000,wav24,20,6\nrain,48000,wav32f,20,6\n"
    )
    files = made(run("batch", "cues.csv", "--out", "out", "--model", tiny_folder, *LENIENT, "--json"))
    cut, kept = files
    assert kept["cut"] == 0
    beyond = np.abs(soundfile.read(kept["file"], dtype="float32")[0]) > 1
    assert cut["cut"] == int(beyond.sum()) > 0
