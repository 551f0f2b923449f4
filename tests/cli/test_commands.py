"""What the commands write and say."""

import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import soundfile

import soundctm
from soundctm import Clip, SoundCTM
from soundctm.audio.events import events_heard
from soundctm.cli.common import save_clip
from tests.oracles.commands import made
from tests.oracles.edits import recipe_of


def test_generate_names_files_and_keeps_recipes(run, tiny_folder: Path, tmp_path: Path) -> None:
    entries = made(
        run(
            "generate",
            "Heavy rain, on a tin roof!",
            "--takes",
            2,
            "--seed",
            7,
            "--model",
            tiny_folder,
            "--out",
            "s",
            "--json",
        )
    )
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == [
        f"heavy-rain-on-a-tin-roof_seed7_take{i}_1step.{suffix}" for i in (1, 2) for suffix in ("png", "wav")
    ]
    for take, entry in enumerate(entries):
        assert soundfile.info(entry["wav"]).subtype == "PCM_24"
        recipe = Clip.load(entry["wav"]).recipe
        assert recipe is not None and recipe.model_dump(mode="json") == entry["recipe"]
        assert (recipe.prompt, recipe.seed, recipe.take) == ("Heavy rain, on a tin roof!", 7, take)


def test_generate_says_the_seed_that_it_drew(run, tiny_folder: Path) -> None:
    result = run("generate", "rain", "--takes", 1, "--model", tiny_folder)
    assert result.code == 0
    seed = result.out.split("seed ")[1].split(".")[0]
    assert f"rain_seed{seed}_take1_1step.wav" in result.out


def test_generate_says_how_many_takes_have_the_number_of_the_prompt(run, tmp_path: Path) -> None:
    """Of the sounds that it wrote, in the model that ships."""
    printed = run("generate", "four barks", "--takes", 3, "--seed", 1).out
    clips = [Clip.load(path) for path in sorted(tmp_path.glob("*.wav"))]
    heard = [events_heard(clip.samples[0], clip.sample_rate) for clip in clips]
    assert len(clips) == 3 and f"4 events heard in {heard.count(4)} of 3 takes." in printed
    assert all(recipe_of(clip).audition is not None for clip in clips)
    own = run("generate", "four barks", "--takes", 3, "--seed", 1, "--auditions", 1, "--json")
    assert [entry["recipe"]["audition"] for entry in made(own)] == [None] * 3
    asked = made(run("generate", "knocking", "--takes", 3, "--seed", 1, "--events", 5, "--auditions", 32, "--json"))
    assert [entry["recipe"]["steering"]["events"] for entry in asked] == [5] * 3
    assert [entry["events"] for entry in asked].count(5) >= 2


def test_refine_needs_nothing_but_the_file(run, tiny_folder: Path, tmp_path: Path, monkeypatch) -> None:
    (take,) = made(run("generate", "rain", "--takes", 1, "--seed", 3, "--model", tiny_folder, "--out", "a", "--json"))
    path = (tmp_path / take["wav"]).resolve()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    refined = made(run("refine", path, "--steps", 4, "--json"))
    assert refined[0]["wav"] == str(path.parent / "rain_seed3_take1_4steps.wav")
    direct = made(run("generate", "rain", "--takes", 1, "--seed", 3, "--steps", 4, "--model", tiny_folder, "--json"))
    assert Path(direct[0]["wav"]).read_bytes() == Path(refined[0]["wav"]).read_bytes()


def test_another_sound_of_that_name_is_kept(run, tiny_folder: Path) -> None:
    command = ["generate", "rain", "--takes", 1, "--seed", 3, "--model", tiny_folder, "--json"]
    first = made(run(*command))[0]["wav"]
    data = Path(first).read_bytes()
    assert made(run(*command))[0]["wav"] == first
    second = made(run(*command, "--omega", 1))[0]["wav"]
    assert second == "rain_seed3_take1_1step_2.wav" and Path(first).read_bytes() == data


def test_info_of_sounds_and_models(run, tiny_folder: Path, tmp_path: Path) -> None:
    (take,) = made(run("generate", "rain [bold]", "--takes", 1, "--seed", 3, "--model", tiny_folder, "--json"))
    facts = json.loads(run("info", take["wav"], "--json").out)
    assert facts["prompt"] == "rain [bold]" and facts["seed"] == 3 and facts["seconds"] == 1.0
    assert "rain [bold]" in run("info", take["wav"]).out
    soundfile.write(tmp_path / "r.flac", [0.0] * 800, 8000)
    assert "not made by soundctm" in json.loads(run("info", "r.flac", "--json").out)["recipe"]
    model = json.loads(run("info", tiny_folder, "--json").out)
    assert (model["model"], model["autoencoder"], model["text_encoder"]) == ("tiny", "istft", "mini")
    assert model["hash"] == facts["model_hash"]


def test_demo_writes_every_sound_and_picture(run, tiny_folder: Path, tmp_path: Path) -> None:
    result = run("demo", "--out", "sounds", "--model", tiny_folder)
    assert result.code == 0, result.err
    names = [path.name for path in (tmp_path / "sounds").iterdir()]
    for suffix in ("1step.wav", "16steps.wav", "1step.png", "16steps.png"):
        assert len([name for name in names if name.endswith(f"_{suffix}")]) == 3


def test_models_lists_what_ships(run) -> None:
    assert isinstance(json.loads(run("models", "--json").out)["models"], list)
    assert "hub id" in run("models").out


@pytest.mark.parametrize(
    "command", ["", "generate", "refine", "info", "models", "demo", "convert official", "train mini"]
)
def test_every_command_has_help(run, command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.code == 0 and "Usage" in result.out
    if command in ("generate", "refine", "convert official"):
        assert f"soundctm {command}" in result.out.replace("\n", " ")


def test_help_does_not_wait_for_torch() -> None:
    program = "import sys, soundctm.cli.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_nothing_is_overwritten_but_what_is_there_already_is_not_made_twice(run, tiny_folder: Path) -> None:
    command = ["generate", "rain", "--takes", 1, "--seed", 3, "--model", tiny_folder, "--json"]
    (first,) = made(run(*command))
    Path(first["png"]).unlink()
    before = Path(first["wav"]).stat().st_mtime_ns
    assert made(run(*command)) == [first] and Path(first["png"]).exists()
    assert Path(first["wav"]).stat().st_mtime_ns == before
    edited = bytearray(Path(first["wav"]).read_bytes())
    edited[100:160] = bytes(60)  # samples, in place: the recipe is still that of the take
    Path(first["wav"]).write_bytes(edited)
    assert made(run("refine", first["wav"], "--steps", 1, "--json"))[0]["wav"] == "rain_seed3_take1_1step_2.wav"
    assert Path(first["wav"]).read_bytes() == edited
    picture = Path("rain_seed4_take1_1step.png")
    picture.write_text("mine")
    command[5] = 4
    (other,) = made(run(*command))
    assert (other["wav"], other["png"]) == ("rain_seed4_take1_1step.wav", "rain_seed4_take1_1step_2.png")
    assert picture.read_text() == "mine"
    Path(first["wav"]).unlink()
    command[5] = 3
    assert made(run(*command)) == [first], "its own picture is no other"


def test_a_take_that_one_would_not_hear_is_told(run) -> None:
    result = run("generate", "gunshot", "--seconds", 0.5, "--takes", 4, "--seed", 1, "--json")
    peaks = [entry["peak_db"] for entry in made(result)]
    told = run("generate", "gunshot", "--seconds", 0.5, "--takes", 4, "--seed", 1).out.splitlines()
    quiet = [line for line in told if "nearly silent: its peak is" in line]
    assert 0 < len(quiet) == sum(peak < -40 for peak in peaks) < 4


def test_a_model_that_was_moved_is_asked_for(run, tiny_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_folder, tmp_path / "here")
    (take,) = made(run("generate", "rain", "--takes", 1, "--seed", 3, "--model", tmp_path / "here", "--json"))
    (tmp_path / "here").rename(tmp_path / "there")
    for command in (["refine", take["wav"]], ["replay", take["wav"]], ["edit", "vary", take["wav"]]):
        result = run(*command)
        assert result.code == 2
        assert f"{tmp_path / 'here'}, which is there no more; say where it is: --model" in result.err
    assert run("refine", take["wav"], "--steps", 2, "--model", tmp_path / "there").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--takes", "2.5"], "--takes is '2.5'; give a whole number: How many takes"),
        (["--takes=x"], "--takes is 'x'; give a whole number: How many takes"),
        (["--seed", "1e9"], "--seed is '1e9'; give a whole number: 0 to 2^63 - 1"),
        (["--seconds", "5s"], "--seconds is '5s'; give a number: Length"),
        (["--seconds", "1", "--seconds", "x"], "Invalid value for '--seconds'"),
        (["--nosuch", "1"], "generate --help"),
    ],
)
def test_what_does_not_parse_is_quoted_beside_what_is_accepted(run, words: list[str], said: str) -> None:
    result = run("generate", "rain", *words)
    assert result.code == 2 and said in result.err and len(result.err.splitlines()) == 1


def test_bounds_and_pairs_are_quoted_too(run) -> None:
    few = run("train", "teacher", "--config", "smoke/teacher", "--data", "d", "--out", "o", "--threads", 0)
    assert few.code == 2 and "--threads is '0'; " in few.err
    pair = run("control", "rain", "--band-range", 100, "x")
    assert pair.code == 2 and "--band-range is '100 x'; give a number: Lowest and highest" in pair.err


def test_what_cannot_be_read_of_a_prompt_is_said(run, tiny_folder: Path) -> None:
    said = run("generate", "rain 雨", "--takes", 1, "--model", tiny_folder).out
    assert "not read, as the model reads English: 雨" in said


def test_commands_that_share_a_folder_lose_nothing(tiny_folder: Path, tmp_path: Path) -> None:
    """All write at once, under one name, sounds that differ."""
    model = SoundCTM.from_pretrained(tiny_folder)
    clips = [model.generate("rain", seed=3, omega=1 + i / 8)[0] for i in range(8)]
    begin = threading.Barrier(len(clips))

    def save(clip: Clip) -> str:
        begin.wait()
        return str(save_clip(clip, tmp_path)["wav"])

    with ThreadPoolExecutor(len(clips)) as pool:
        paths = list(pool.map(save, clips))
    assert len(set(paths)) == len(clips)
    assert [Clip.load(path).digest for path in paths] == [clip.digest for clip in clips]


def test_an_output_that_lacks_the_prompts_signs_is_no_failure(tiny_folder: Path, tmp_path: Path) -> None:
    """As where the output goes to a file on Windows."""
    words = ["generate", "dog", "--takes", "1", "--seed", "1", "--model", str(tiny_folder), "--out", "雨"]
    result = subprocess.run(
        [sys.executable, "-m", "soundctm", *words], cwd=tmp_path, capture_output=True, check=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert rb"\u96e8" in result.stdout and len(list((tmp_path / "雨").iterdir())) == 2


def test_the_version_is_told_and_help_has_a_short_name(run) -> None:
    result = run("--version")
    assert (result.code, result.out) == (0, f"soundctm {soundctm.__version__}\n")
    for words in ([], ["generate"], ["edit", "fill"]):
        assert run(*words, "-h").out == run(*words, "--help").out != ""
