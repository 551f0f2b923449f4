"""``soundctm set`` as it is typed."""

import json
from pathlib import Path

import numpy as np

from soundctm import Clip
from tests.batch.sheets import ANYTHING
from tests.oracles.commands import check_refusal, made
from tests.oracles.sounds import content


def test_a_folder_takes_no_other_set_and_says_what_it_removes(run, refused, tmp_path: Path, tiny_folder: Path) -> None:
    lenient = (*ANYTHING, "--default", "duplicate=1", "--distance", "0-1", "--steps", "2", "--model", tiny_folder)
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


def test_a_set_of_a_prompt_and_of_a_file(run, take: str, tmp_path: Path, tiny_folder: Path) -> None:
    lenient = (*ANYTHING, "--default", "duplicate=1", "--distance", "0-1", "--steps", "2", "--model", tiny_folder)
    words = run("set", "a bell", "--takes", "3", "--name", "ding", "--out", "words", *lenient, "--json")
    assert [Path(file["file"]).name for file in made(words)] == ["ding_01.wav", "ding_02.wav", "ding_03.wav"]
    files = made(run("set", take, "--takes", "3", "--out", "file", *lenient, "--json"))
    assert [file["variation"] for file in files] == [0, 1, 2]
    assert {file["seed"] for file in files} == {4}
    report = json.loads(words.out)
    assert report["kept"] == 3 and report["tries"] >= 3


def test_the_take_of_a_file_is_the_first_of_its_set(run, take: str, tiny_folder: Path) -> None:
    lenient = ("--takes", "1", *ANYTHING[2:], "--default", "match=1", "--model", tiny_folder, "--json")
    (several,) = made(
        run("generate", "rain", "--takes", 1, "--steps", 3, "--seed", 4, "--model", tiny_folder, "--json")
    )
    for file, steps, options, notes in [
        (several["wav"], 3, (), 0), (several["wav"], 2, ("--steps", "2"), 1), (take, 1, (), 0),
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
        ("no name", "rain", "--name", "a/b"),
    ]:  # fmt: skip
        refused(said, "set", *arguments, "--out", "out")
    check_refusal(run("set", take, "--out", "out", "--model", "mini"), "made by model")


def test_a_file_that_is_not_there_is_no_prompt(refused) -> None:
    for name in ("knock.wav", "folder/knock.flac", "knock.OGG"):
        refused(f"no such file: {name}", "set", name, "--out", "out")


def test_defaults_hold_for_a_set_where_no_option_says_otherwise(run, tiny_folder: Path) -> None:
    given = ("--default", "takes=3", "--default", "steps=2", "--default", "distance=0-1")
    lenient = (*ANYTHING, "--default", "duplicate=1", "--model", tiny_folder, "--json")
    files = made(run("set", "a bell", *given, "--out", "three", *lenient))
    assert len(files) == 3 and Clip.load(files[0]["file"]).recipe.steps == 2
    files = made(run("set", "a bell", *given, "--takes", "2", "--out", "two", *lenient))
    assert len(files) == 2
