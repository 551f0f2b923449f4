"""``soundctm verify`` as it is typed: from a file back to its recipe."""

import shutil
import subprocess
from pathlib import Path

import pytest
import soundfile

from soundctm import Clip
from tests.cli.delivering import verdicts
from tests.oracles.commands import made
from tests.oracles.recordings import recording


def test_verdicts_on_files(run, takes: list[str], tmp_path: Path) -> None:
    clip = Clip.load(takes[0])
    Clip(clip.samples[:, 800:], clip.sample_rate, clip.recipe).save(tmp_path / "cut.wav")
    recording(1).save(tmp_path / "sea.wav")
    soundfile.write(tmp_path / "bare.wav", 0.5 * clip.samples.T, clip.sample_rate, subtype="PCM_16")
    told = verdicts(run, takes[0], "cut.wav", "sea.wav", "bare.wav", code=1)
    assert told == ["equal", "edited", "unknown", "unknown"]
    assert verdicts(run, "bare.wav", "--recipe", takes[0]) == ["close"]
    result = run("verify", takes[0], "cut.wav")
    assert result.code == 1 and result.out.startswith("equal   ") and "\nedited  cut.wav" in result.out
    assert "by --recipe FILE" in run("verify", "bare.wav").out


@pytest.mark.parametrize("form", ["wav24", "flac", "ogg"])
def test_a_delivered_file_is_refined_described_and_verified(
    form: str, run, takes: list[str], tiny_folder: Path
) -> None:
    (entry, _) = made(run("deliver", *takes, "--format", form, "--out", "d", "--json"))
    assert verdicts(run, entry["file"]) == ["equal"]
    (refined,) = made(run("refine", entry["file"], "--steps", 2, "--out", "r", "--json"))
    (again,) = made(run("refine", takes[0], "--steps", 2, "--out", "s", "--json"))
    assert refined["recipe"] == again["recipe"]
    assert Path(refined["wav"]).read_bytes() == Path(again["wav"]).read_bytes()


def test_a_delivered_file_is_delivered_again_and_still_verified(run, takes: list[str]) -> None:
    (first,) = made(run("deliver", takes[0], "--fade-out", 0.3, "--format", "wav16", "--out", "d", "--json"))
    (second,) = made(
        run("deliver", first["file"], "--peak", "--rate", 48000, "--format", "ogg", "--out", "e", "--json")
    )
    assert verdicts(run, first["file"], second["file"]) == ["equal", "equal"]


def test_a_file_of_others_is_compared_with_what_was_delivered(run, takes: list[str], tmp_path: Path) -> None:
    (entry,) = made(run("deliver", takes[0], "--fade-out", 0.3, "--out", "d", "--json"))
    clip = Clip.load(entry["file"])
    soundfile.write(tmp_path / "theirs.wav", 0.5 * clip.samples.T, clip.sample_rate, subtype="PCM_16")
    assert verdicts(run, "theirs.wav", "--recipe", entry["file"]) == ["close"]
    assert verdicts(run, "theirs.wav", "--recipe", takes[0], code=1) == ["edited"]


def test_a_file_that_another_program_cut_is_unknown_without_its_recipe(run, takes: list[str]) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed: its cut is needed")
    subprocess.run([ffmpeg, "-v", "error", "-i", takes[0], "-ss", "0.2", "cut.wav"], check=True)
    result = run("verify", "cut.wav")
    assert result.code == 1 and result.out.startswith("unknown ")
    assert "made by soundctm, as its other metadata says" in result.out and "--recipe FILE" in result.out
    soundfile.write("bare.wav", *soundfile.read(takes[0]))
    assert "not made by soundctm, or" in run("verify", "bare.wav").out
    assert verdicts(run, "cut.wav", "--recipe", takes[0], code=1) == ["edited"]
    (entry,) = made(run("deliver", takes[0], "--format", "flac", "--out", "d", "--json"))
    subprocess.run([ffmpeg, "-v", "error", "-i", entry["file"], "-ss", "0.2", "cut.flac"], check=True)
    assert verdicts(run, "cut.flac", code=1) == ["edited"], "comments stay"


def test_nothing_is_fetched_at_the_word_of_a_file(
    run, takes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, asked = Clip.load(takes[0]), []
    assert clip.recipe is not None
    Clip(clip.samples, clip.sample_rate, clip.recipe.model_copy(update={"model": "far/away"})).save(tmp_path / "a.wav")

    def hub(name: str, local_files_only: bool = False) -> str:
        asked.append((name, local_files_only))
        raise OSError("nobody answers")

    monkeypatch.setattr("huggingface_hub.snapshot_download", hub)
    result = run("verify", "a.wav")
    assert result.code == 1 and "fetched only for --model far/away" in result.out
    assert asked and all(local for _, local in asked)
    asked.clear()
    assert run("verify", "a.wav", "--model", "far/away").code == 2
    assert asked == [("far/away", False)]


def test_a_model_that_is_gone_or_another_is_unknown(run, refused, takes: list[str], tmp_path: Path) -> None:
    clip = Clip.load(takes[0])
    assert clip.recipe is not None
    Clip(clip.samples, clip.sample_rate, clip.recipe.model_copy(update={"model": "gone"})).save(tmp_path / "gone.wav")
    assert verdicts(run, "gone.wav", code=1) == ["unknown"]
    assert verdicts(run, takes[0], "--model", "mini", code=1) == ["unknown"]
    refused("gone", "verify", takes[0], "--model", "gone")
    refused("no such file", "verify", "nowhere.wav")
    recording(1).save(tmp_path / "sea.wav")
    refused("carries no recipe", "verify", takes[0], "--recipe", "sea.wav")
