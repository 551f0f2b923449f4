"""``soundctm batch`` as it is typed: what it makes, and what it says of it."""

import io
import sys
from pathlib import Path

import numpy as np
import soundfile

from tests.batch.sheets import ANYTHING
from tests.oracles.commands import Result, check_refusal, made
from tests.oracles.sounds import content


def test_what_a_prompt_was_understood_as_is_told(run, tmp_path: Path) -> None:
    (tmp_path / "cues.csv").write_text(
        "prompt,match,seconds,takes\nzzqx blorf wug,-1,1,3\na bonfire,-1,1,\nrain,-1,1,\n"
    )
    result = run("batch", "cues.csv", "--out", "out", "--engine", "eager")
    assert result.code == 1 and "2 takes kept of 5, from 2 candidates" in result.out
    assert result.out.count("left out:") == 1
    assert 'left out: zzqx-blorf-wug, takes 1, 2, 3: understood as "' in result.out
    assert "which is too far from the prompt (0." in result.out and "0.38 is needed" in result.out
    assert 'a-bonfire: understood as "' in result.out and "rain: understood" not in result.out
    table = (tmp_path / "out" / "report.csv").read_text().splitlines()
    assert "understood_score" in table[0] and "understood as" in table[1]


def test_a_sheet_from_the_standard_input(run, monkeypatch, tmp_path: Path, tiny_folder: Path) -> None:
    lines = b'{"prompt": "rain", "takes": 2, "seconds": 0.5}\n{"prompt": "a bell", "name": "ding"}\n'

    def batch(data: bytes, *options: str) -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return run("batch", "-", "--out", "out", "--model", tiny_folder, *ANYTHING, "--json", *options)

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
        "wind,,,,,,5\nwind,,,,48000,,5\n"
    )
    result = run("batch", "cues.csv", "--out", "out", "--model", tiny_folder, *ANYTHING)
    assert result.code == 0 and "4 new, 0 made anew, 0 as before" in result.out
    assert "not at the loudness that was asked for (see the ceiling): 1 take: low_01.wav (" in result.out
    assert "cut at full scale by the format: 1 take: cut_01.wav (" in result.out
    assert "numbered by their order, for want of names, and seeded by that: line 5 (wind-2); give" in result.out
    assert "lines 4, 5 mean the same to the model and have the same seed" in result.out
    again = run("batch", "cues.csv", "--out", "out", "--model", tiny_folder, *ANYTHING)
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
    command = ("batch", "cues.csv", "--out", "out", "--model", tiny_folder, *ANYTHING)
    add, added = Journal.add, []

    def interrupted(journal: Journal, entry: object) -> None:
        added.append(entry)
        if len(added) == 3:
            raise KeyboardInterrupt
        add(journal, entry)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", interrupted)
        result = run(*command)
    assert result.code == 130 and "interrupted" in result.err and "the same command goes on" in result.err
    assert not (tmp_path / "out" / "report.csv").exists()
    assert run(*command).code == 0
    assert len(list((tmp_path / "out" / "sounds").iterdir())) == 6


def test_a_config_holds_defaults_gates_and_names(run, tmp_path: Path, tiny_folder: Path) -> None:
    (tmp_path / "batch.toml").write_text(
        'seed = 3\n[defaults]\ntakes = 2\nformat = "flac"\nmatch = -1.0\nsilence = -100.0\n'
        '[files]\ncreator = "ABC"\nsource = "LIB"\n'
    )
    (tmp_path / "cues.csv").write_text("prompt,catid,takes\na bell,BELLSml,\nrain,,1\n")
    files = made(run("batch", "cues.csv", "--out", "out", "--config", "batch.toml", "--model", tiny_folder, "--json"))
    names = [Path(file["file"]).name for file in files]
    assert names == ["BELLSml_A Bell 01_ABC_LIB.flac", "BELLSml_A Bell 02_ABC_LIB.flac", "rain_01.flac"]


def test_samples_that_are_cut_are_counted_in_the_report(run, tmp_path: Path, tiny_folder: Path) -> None:
    (tmp_path / "cues.csv").write_text(
        "prompt,sample_rate,format,nu,seed\nrain,48000,wav24,20,6\nrain,48000,wav32f,20,6\n"
    )
    files = made(run("batch", "cues.csv", "--out", "out", "--model", tiny_folder, *ANYTHING, "--json"))
    cut, kept = files
    assert kept["cut"] == 0
    beyond = np.abs(soundfile.read(kept["file"], dtype="float32")[0]) > 1
    assert cut["cut"] == int(beyond.sum()) > 0
