"""``soundctm replay``: a file again from its recipe, and what it needs for that."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soundctm import Clip
from tests.oracles.commands import made
from tests.oracles.recordings import recording
from tests.oracles.sounds import content


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Recordings in the working folder of the commands."""
    for seed, name in enumerate(("sea.wav", "bell.wav", "other.wav"), start=1):
        recording(seed, seconds=0.5).save(tmp_path / name)
    return tmp_path


GUIDED = ["--omega", "1.5", "--nu", "2", "--gamma", "0.3", "--negative", "wind"]
TAKES: dict[str, list[str]] = {
    "take": ["generate", "rain", "--seconds", "0.5", "--steps", "2", "--takes", "1"],
    "guided": ["generate", "rain", "--seconds", "0.5", "--steps", "2", "--takes", "1", "--nu", "2", "--gamma", "0.3"],
    "loop": ["generate", "rain", "--seconds", "0.5", "--takes", "1", "--loop"],
    "steered": ["control", "rain", "--intensity", "rise", "--seconds", "0.5", "--steps", "2", "--takes", "1"],
    "fill": ["edit", "fill", "sea.wav", "--start", "0.1", "--end", "0.3", "--steps", "2"],
    "guided fill": ["edit", "fill", "sea.wav", "--start", "0.1", "--end", "0.3", "--steps", "2", *GUIDED],
    "join": ["edit", "join", "sea.wav", "bell.wav", "--gap", "0.2", "--steps", "1"],
    "morph": ["edit", "morph", "sea.wav", "bell.wav", "--other-prompt", "a bell", "--steps", "1"],
    "kept": ["edit", "transform", "sea.wav", "rain", "--strength", "0"],
}
SOURCES = ["--source", "other.wav", "--source", "bell.wav", "--source", "sea.wav"]


@pytest.mark.parametrize("kind", list(TAKES))
def test_a_file_is_made_again_to_the_byte(kind: str, run, files: Path, tiny_folder: Path) -> None:
    (first,) = made(run(*TAKES[kind], "--seed", "4", "--model", tiny_folder, "--json", "--out", "first"))
    (again,) = made(run("replay", first["wav"], *SOURCES, "--out", "again", "--json"))
    assert content(files / "again") == content(files / "first") and len(content(files / "again")) == 2
    assert again["recipe"] == first["recipe"]


def test_a_relative_is_made_again_to_the_byte(run, files: Path, tiny_folder: Path) -> None:
    (take,) = made(run(*TAKES["take"], "--seed", "4", "--model", tiny_folder, "--json"))
    (relative,) = made(run("edit", "vary", take["wav"], "--takes", "1", "--steps", "2", "--out", "first", "--json"))
    run("replay", relative["wav"], "--out", "again")
    assert content(files / "again") == content(files / "first")


@pytest.mark.parametrize("given", [[], ["--source", "other.wav"], ["--source", "sea.wav"]])
def test_a_missing_recording_is_named(given: list[str], run, refused, files: Path, tiny_folder: Path) -> None:
    (first,) = made(run(*TAKES["join"], "--model", tiny_folder, "--json"))
    name = "bell.wav" if "sea.wav" in given else "sea.wav"
    said = f"recording {name} (digest {Clip.load(files / name).digest})"
    assert "--source FILE" in refused(said, "replay", first["wav"], *given, "--out", "again").err


def test_a_model_that_moved_is_found_where_it_lies(run, refused, files: Path, tiny_folder: Path) -> None:
    shutil.copytree(tiny_folder, files / "here")
    (first,) = made(run(*TAKES["take"], "--model", "here", "--out", "first", "--json"))
    (files / "here").rename(files / "there")
    refused("here", "replay", first["wav"], "--out", "again")
    assert run("replay", first["wav"], "--model", "there", "--out", "again").code == 0
    assert content(files / "again") == content(files / "first")
    refused("load that model", "replay", first["wav"], "--model", "mini", "--out", "again")


def test_what_cannot_be_made_again_is_refused(run, refused, files: Path, tiny_folder: Path) -> None:
    refused("sea.wav cannot be made again: it carries no recipe: not made by soundctm, or", "replay", "sea.wav")
    refused("no such file: nowhere.wav", "replay", "nowhere.wav")
    (first,) = made(run(*TAKES["fill"], "--model", tiny_folder, "--json"))
    refused("no such file: nowhere.wav", "replay", first["wav"], "--source", "nowhere.wav")


def test_a_file_that_is_cut_off_is_told_to_be(run, refused, files: Path, tiny_folder: Path) -> None:
    (first,) = made(run(*TAKES["take"], "--model", tiny_folder, "--json"))
    data = Path(first["wav"]).read_bytes()
    Path("cut.wav").write_bytes(data[: len(data) // 2])
    for command in ("replay", "refine"):
        refused("it is cut off: it ends before its header says", command, "cut.wav")
    assert "cut off" in run("info", "cut.wav", "--json").out
    Path("whole.wav").write_bytes(data.replace(b"sctm", b"none"))
    refused("an editor or a conversion has lost its recipe", "replay", "whole.wav")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"seconds": 1e9}, "seconds is 1,000,000,000.0"),
        ({"nu": 100.0}, "nu is 100.0"),
        ({"prompt": "rain\n"}, "control characters"),
    ],
)
def test_a_recipe_out_of_range_is_refused(
    change: dict[str, Any], said: str, run, refused, files: Path, tiny_folder: Path
) -> None:
    (take,) = made(run(*TAKES["take"], "--model", tiny_folder, "--json"))
    clip = Clip.load(take["wav"])
    assert clip.recipe is not None
    Clip(clip.samples, clip.sample_rate, clip.recipe.model_copy(update=change)).save(files / "odd.wav")
    refused(said, "replay", "odd.wav", "--out", "again")


@pytest.mark.parametrize(("kind", "said"), [("loop", "in 1 step\n"), ("take", "in 2 steps\n")])
def test_replay_counts_its_steps(kind: str, said: str, run, files: Path, tiny_folder: Path) -> None:
    (first,) = made(run(*TAKES[kind], "--model", tiny_folder, "--json"))
    result = run("replay", first["wav"], "--out", "again")
    assert result.code == 0 and result.out.startswith(f"made again from its recipe, {said}")


def test_replay_has_help(run) -> None:
    result = run("replay", "--help")
    assert result.code == 0 and "soundctm replay" in result.out.replace("\n", " ")


def test_no_model_is_fetched_at_the_word_of_a_file(run, refused, files: Path, tiny_folder: Path) -> None:
    (first,) = made(run(*TAKES["take"], "--model", tiny_folder, "--json"))
    clip = Clip.load(first["wav"])
    assert clip.recipe is not None
    replace(clip, recipe=clip.recipe.model_copy(update={"model": "evil/model"})).save("evil.wav")
    for command in (
        ("replay", "evil.wav"),
        ("refine", "evil.wav"),
        ("edit", "vary", "evil.wav"),
        ("edit", "loop", "evil.wav"),
        ("set", "evil.wav", "--out", "set"),
    ):
        refused("'evil/model' is not on this machine, and is fetched only for --model evil/model", *command)


def test_a_delivered_file_that_is_cut_off_is_told_to_be(run, refused, files: Path, tiny_folder: Path) -> None:
    (first,) = made(run(*TAKES["take"], "--model", tiny_folder, "--json"))
    (entry,) = made(run("deliver", first["wav"], "--out", "d", "--json"))
    data = Path(entry["file"]).read_bytes()
    Path("cut.wav").write_bytes(data[: len(data) // 2])
    refused("it is cut off", "replay", "cut.wav")
