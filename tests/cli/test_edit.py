"""``soundctm edit``: what it writes and says, twice the same."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundctm import Clip
from soundctm.audio.io import read_chunk
from soundctm.training.learnt_phrases import collect, write_phrases
from tests.oracles.commands import made
from tests.oracles.recordings import recording
from tests.oracles.sounds import content

EDITS: dict[str, tuple[list[str], int]] = {  # and the length of the result
    "extend-bandwidth": (["sea.wav", "--cutoff", "1000", "--prompt", "rain"], 8000),
    "declip": (["sea.wav", "--level", "0.3"], 8000),
    "fill": (["sea.wav", "--start", "0.2", "--end", "0.5", "-p", "a bell"], 8000),
    "extend": (["sea.wav", "--after", "0.3"], 10400),
    "join": (["sea.wav", "bell.wav", "--gap", "0.25"], 15600),
    "loop": (["bell.wav", "--seam", "0.2"], 5600),
    "transform": (["sea.wav", "a bell", "--strength", "0.5"], 8000),
    "morph": (["bell.wav", "sea.wav", "--amount", "0.3"], 5600),
}


@pytest.mark.parametrize("kind", list(EDITS))
def test_edits_write_the_same_bytes_twice(kind: str, run, files: Path, tiny_folder: Path) -> None:
    arguments, length = EDITS[kind]
    command = ["edit", kind, *arguments, "--steps", "2", "--seed", "4", "--model", tiny_folder, "--json"]
    (entry,), _ = (made(run(*command, "--out", out)) for out in ("one", "two"))
    assert content(files / "one") == content(files / "two") and len(content(files / "one")) == 2
    assert soundfile.info(files / entry["wav"]).frames == length
    assert entry["recipe"]["edit"]["kind"] == kind and f"_{kind}_seed4_take1_2steps" in entry["wav"]
    recordings = [argument for argument in arguments if argument.endswith(".wav")]
    named = [entry["recipe"]["edit"][key] for key in ("source", "other") if entry["recipe"]["edit"].get(key)]
    assert named == [{"name": name, "digest": Clip.load(files / name).digest} for name in recordings]
    assert (read_chunk(files / entry["wav"], b"smpl") is not None) == (kind == "loop")


@pytest.mark.parametrize("kind", ["fill", "morph"])
def test_an_edit_is_refined_where_its_recordings_are_given(
    kind: str, run, refused, files: Path, tiny_folder: Path
) -> None:
    command = ["edit", kind, *EDITS[kind][0], "--seed", "4", "--model", tiny_folder, "--json"]
    (first,) = made(run(*command, "--steps", "1"))
    refused(".wav (digest ", "refine", first["wav"], "--steps", "2")
    sources = [part for name in ("tick.wav", "sea.wav", "bell.wav") for part in ("--source", name)]
    (refined,) = made(run("refine", first["wav"], "--steps", "2", *sources, "--json"))
    (direct,) = made(run(*command, "--steps", "2", "--out", "direct"))
    assert (files / refined["wav"]).read_bytes() == (files / direct["wav"]).read_bytes()


def test_relatives_of_a_take(run, files: Path, take: str) -> None:
    command = ["edit", "vary", take, "--takes", "2", "--gamma", "0.5", "--steps", "2", "--json"]
    first, _ = (made(run(*command, "--out", out)) for out in ("one", "two"))
    assert content(files / "one") == content(files / "two") and len(content(files / "one")) == 4
    assert [Path(entry["wav"]).stem for entry in first] == [f"rain_vary{i}_seed4_take1_2steps" for i in (1, 2)]
    assert len({Clip.load(files / entry["wav"]).digest for entry in first}) == 2


def test_relatives_of_a_take_by_turning_its_start(run, files: Path, take: str) -> None:
    result = run("edit", "vary", take, "--takes", "2", "--turn", "0.3")
    assert result.code == 0 and result.out.startswith("2 relatives at a turn of 0.3\n")
    result = run("edit", "vary", take, "--takes", "1", "--turn", "0.3", "--first", "3")
    assert result.code == 0 and result.out.startswith("1 relative at a turn of 0.3\n")
    written = sorted(path.stem for path in files.glob("*turn*.wav"))
    assert written == [f"rain_turn{i}_seed4_take1_1step" for i in (1, 2, 3)]
    assert len({Clip.load(path).digest for path in files.glob("*turn*.wav")}) == 3


@pytest.mark.parametrize("takes", [1, 2])
def test_relatives_are_counted(takes: int, run, take: str) -> None:
    result = run("edit", "vary", take, "--takes", takes, "--gamma", "0.5", "--steps", "2")
    assert result.code == 0 and result.out.startswith(f"{takes} relative{'s' * (takes - 1)} at gamma 0.5\n")


def test_between_two_takes(run, files: Path, tiny_folder: Path) -> None:
    takes = [
        made(run("generate", prompt, "--takes", 1, "--seed", seed, "--model", tiny_folder, "--json"))[0]["wav"]
        for prompt, seed in (("rain", 4), ("a bell", 5))
    ]
    command = ["edit", "morph", *takes, "--amount", "0.5", "--steps", "2", "--model", tiny_folder, "--json"]
    (entry,), _ = (made(run(*command, "--out", out)) for out in ("one", "two"))
    assert content(files / "one") == content(files / "two")
    assert entry["recipe"]["edit"]["prompt"] == "a bell" and "source" not in str(entry["recipe"]["edit"]["source"])


def test_a_loop_is_generated_and_marked(run, files: Path, tiny_folder: Path) -> None:
    command = ["generate", "rain", "--takes", 1, "--seed", 4, "--loop", "--model", tiny_folder, "--json"]
    (entry,), _ = (made(run(*command, "--out", out)) for out in ("one", "two"))
    assert content(files / "one") == content(files / "two")
    chunk = read_chunk(files / entry["wav"], b"smpl")
    assert (
        chunk is not None and int.from_bytes(chunk[48:52], "little") == soundfile.info(files / entry["wav"]).frames - 1
    )


def test_info_describes_what_was_done(run, files: Path, tiny_folder: Path) -> None:
    (entry,) = made(run("edit", "loop", "sea.wav", "--steps", 1, "--seed", 4, "--model", tiny_folder, "--json"))
    facts = json.loads(run("info", entry["wav"], "--json").out)
    assert facts["edit"]["kind"] == "loop" and facts["edit"]["source"]["name"] == "sea.wav"
    assert run("info", entry["wav"]).code == 0


# ---- guidance

GUIDANCE = {"omega": 1.5, "nu": 2.0, "gamma": 0.4, "negative": "wind"}


@pytest.mark.parametrize("kind", list(EDITS))
def test_every_edit_has_the_guidance_that_it_is_given(kind: str, run, files: Path, tiny_folder: Path) -> None:
    command = ["edit", kind, *EDITS[kind][0], "--steps", "2", "--seed", "4", "--model", tiny_folder, "--json"]
    given = [part for name, value in GUIDANCE.items() for part in (f"--{name}", value)]
    (plain,) = made(run(*command, "--out", "plain"))
    (guided,) = made(run(*command, *given, "--out", "guided"))
    assert guided["recipe"] == plain["recipe"] | GUIDANCE
    assert Clip.load(files / guided["wav"]).digest != Clip.load(files / plain["wav"]).digest


def test_every_part_of_the_guidance_is_heard(run, files: Path, tiny_folder: Path) -> None:
    command = ["edit", "fill", *EDITS["fill"][0], "--steps", "2", "--seed", "4", "--model", tiny_folder, "--json"]
    sounds = set()
    for more in ([], ["--omega", 1.5], ["--gamma", 0.4], ["--nu", 2], ["--nu", 2, "--negative", "wind"]):
        (entry,) = made(run(*command, *more))
        sounds.add(Clip.load(files / entry["wav"]).digest)
    assert len(sounds) == 5


def test_a_morph_of_takes_may_be_stirred(run, files: Path, take: str, tiny_folder: Path) -> None:
    """Its guidance is that of its takes; gamma is a matter of the way between."""
    command = ["edit", "morph", take, take, "--steps", "2", "--model", tiny_folder, "--json"]
    (plain,), (stirred,) = made(run(*command)), made(run(*command, "--gamma", "0.4"))
    assert stirred["recipe"] == plain["recipe"] | {"gamma": 0.4}
    assert Clip.load(files / stirred["wav"]).digest != Clip.load(files / plain["wav"]).digest


# ---- what the commands say


@pytest.mark.parametrize("command", ["control", "edit", *(f"edit {kind}" for kind in (*EDITS, "vary"))])
def test_every_command_has_help(run, command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.code == 0 and "Usage" in result.out and f"soundctm {command}" in result.out.replace("\n", " ")


def test_edit_alone_shows_its_commands(run) -> None:
    result = run("edit")
    assert result.code == 2 and all(kind in result.out for kind in EDITS)


def test_a_morph_says_how_many_it_made(run, files: Path, tiny_folder: Path) -> None:
    result = run("edit", "morph", "sea.wav", "bell.wav", "--steps", "1", "--seed", "4", "--model", tiny_folder)
    written = [line for line in result.out.splitlines() if line.strip().endswith(".wav")]
    assert result.code == 0 and len(written) == 1 and "morph: 1 take in 1 step, seed 4" in result.out


def test_the_other_of_a_morph_has_a_prompt_of_its_own(run, files: Path, tiny_folder: Path) -> None:
    command = ["edit", "morph", "sea.wav", "bell.wav", "--amount", "1", "--seed", "4", "--steps", "1", "--json"]
    entries = [
        made(run(*command, "--model", tiny_folder, "--other-prompt", words, "--out", words[-4:]))[0]
        for words in ("a bell", "three slow knocks")
    ]
    assert [entry["recipe"]["edit"]["prompt"] for entry in entries] == ["a bell", "three slow knocks"]
    assert [entry["recipe"]["prompt"] for entry in entries] == ["", ""]
    assert len({Clip.load(files / entry["wav"]).digest for entry in entries}) == 2


def test_a_take_is_looped_from_its_noise(run, files: Path, take: str, tiny_folder: Path) -> None:
    """As if it had been generated as a loop, by the model of its recipe or where that lies now."""
    command = ["edit", "loop", take, "--steps", "2", "--json"]
    (named,) = made(run(*command, "--out", "named"))
    shutil.copytree(tiny_folder, files / "moved")
    (moved,) = made(run(*command, "--model", "moved", "--out", "moved_out"))
    (direct,) = made(
        run("generate", "rain", "--takes", 1, "--seed", 4, "--steps", 2, "--loop", "--model", tiny_folder, "--json")
    )
    assert named["recipe"] == moved["recipe"] == direct["recipe"] and "seam" in named
    assert (files / named["wav"]).read_bytes() == (files / moved["wav"]).read_bytes()
    assert (files / named["wav"]).read_bytes() == (files / direct["wav"]).read_bytes()
    assert run(*command, "--model", "mini").code == 2  # another model is no place where this one lies


def test_what_is_done_to_a_recording_first_is_said(run, files: Path, tiny_folder: Path) -> None:
    soundfile.write("two.wav", np.repeat(recording(2).samples.T, 2, axis=1), 16000)
    command = ("edit", "fill", "two.wav", "--start", 0.1, "--end", 0.3, "--model", tiny_folder)
    said = "two.wav: 2 channels folded to mono, 16,000 to 8,000 Hz"
    assert said in run(*command).out
    assert made(run(*command, "--json"))[0]["notes"] == [said]
    assert "notes" not in made(run("edit", "fill", "sea.wav", *command[3:], "--json"))[0]


def test_a_recording_that_is_cut_off_is_used_as_far_as_it_goes(run, files: Path, tiny_folder: Path) -> None:
    data = Path("sea.wav").read_bytes()
    Path("cut.wav").write_bytes(data[: len(data) // 2])
    command = ("edit", "join", "sea.wav", "cut.wav", "--gap", 0.2, "--model", tiny_folder)
    said = "cut.wav: cut off, as it ends before its header says; fetch it again"
    assert said in run(*command).out.splitlines()
    assert made(run(*command, "--json"))[0]["notes"] == [said]


# ---- prompts with words that the model never learnt


@pytest.fixture
def learnt(tiny_folder: Path, tmp_path: Path) -> Path:
    """A model that knows three words."""
    shutil.copytree(tiny_folder, tmp_path / "learnt")
    write_phrases(collect([["rain", "wind"], ["a bell"]], 3), tmp_path / "learnt" / "phrases.json")
    return tmp_path / "learnt"


def test_all_that_is_understood_otherwise_is_told(run, files: Path, learnt: Path) -> None:
    more = ("--nu", 2, "--negative", "gusty wind", "--steps", 1, "--model", learnt)
    for command in (
        ("edit", "morph", "sea.wav", "bell.wav", "--prompt", "rain", "--other-prompt", "an old bell"),
        ("edit", "transform", "sea.wav", "an old bell"),
        ("generate", "an old bell", "--takes", 1),
        ("control", "an old bell", "--intensity", "rise"),
    ):
        lines = run(*command, *more).out.splitlines()
        other = [line for line in lines if line.startswith('"an old bell" is understood as "')]
        assert len(other) == 1 and other[0].endswith('", as the model never learnt: an, old'), lines
        assert any(line.startswith('"gusty wind" is under') and line.endswith("learnt: gusty") for line in lines)
        (entry,) = made(run(*command, *more, "--json"))
        words = entry["recipe"]["prompt"]
        assert (entry["understood"] == words) == (words == "rain")
        edited = {"an old bell"} if "morph" in command else set()
        assert set(entry["understood_others"]) == {"gusty wind"} | edited
        assert set(entry["understood_others"].values()) <= {"rain", "wind", "a bell"}


def test_a_handful_of_new_words_is_named(run, files: Path, learnt: Path) -> None:
    words = "rain one two three four five six seven"
    result = run("generate", words, "--takes", 1, "--model", learnt)
    assert "as the model never learnt: one, two, three, four, five, six and others" in result.out
