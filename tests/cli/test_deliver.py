"""``soundctm deliver`` as it is typed: from a take to a file that a sound team accepts."""

import json
import os
from pathlib import Path

import pytest
import soundfile
from wavinfo import WavInfoReader

from soundctm import Clip
from soundctm.audio.comments import read_comments
from soundctm.delivery.loudness import measure
from soundctm.delivery.vorbis import flac_with
from tests.cli.delivering import LIST, UCS, verdicts
from tests.oracles.commands import made
from tests.oracles.sounds import content


def test_files_come_out_as_they_were_asked_for(run, takes: list[str]) -> None:
    found = made(
        run(
            "deliver",
            *takes,
            "--loudness",
            -30,
            "--rate",
            48000,
            "--format",
            "wav16",
            "--stereo",
            "--out",
            "d",
            "--json",
        )
    )
    for entry, take in zip(found, takes, strict=True):
        info = soundfile.info(entry["file"])
        assert (info.samplerate, info.channels, info.subtype) == (48000, 2, "PCM_16")
        clip = Clip.load(entry["file"])
        assert clip.recipe == Clip.load(take).recipe
        level = measure(clip.samples, 48000)
        assert entry["after"]["true_peak"] <= -1 and level.true_peak <= -0.9
        assert level.integrated == pytest.approx(entry["after"]["integrated"], abs=0.05)
        assert not entry["reached"] or level.integrated == pytest.approx(-30, abs=0.05)
        assert Path(entry["file"]).stem == Path(take).stem


def test_the_same_call_gives_the_same_bytes(run, takes: list[str], tmp_path: Path) -> None:
    before = {name: Path(name).read_bytes() for name in takes}
    found = []
    for _ in range(2):
        for form in ("wav16", "flac", "ogg"):
            assert run("deliver", *takes, "--format", form, "--peak", "--out", "d").code == 0
        found.append(content(tmp_path / "d"))
    assert found[0] == found[1] and len(found[0]) == 6
    assert before == {name: Path(name).read_bytes() for name in takes}


def test_files_are_named_by_ucs_and_nothing_is_overwritten(run, takes: list[str]) -> None:
    asked = ["--ucs", "ucs.csv", *UCS, "--out", "d", "--json"]
    found = made(run("deliver", *takes, *asked))
    assert [Path(entry["file"]).name for entry in found] == [
        "RAINGen_Heavy Rain 01_ANN_STORM.wav", "RAINGen_Heavy Rain 02_ANN_STORM.wav",
    ]  # fmt: skip
    assert found[0]["suggestions"][0]["catid"] == "RAINGen" and found[0]["suggestions"][0]["score"] >= 0.5
    other = made(run("deliver", takes[0], *asked, "--peak", "--fx-name", "Heavy Rain 01"))
    assert [Path(entry["file"]).name for entry in other] == ["RAINGen_Heavy Rain 01 02_ANN_STORM.wav"]
    info = WavInfoReader(found[0]["file"], info_encoding="utf-8")
    assert info.ixml.raw_xml.findtext("USER/CATEGORYFULL") == "RAIN-GENERAL" and info.info.title == "Heavy Rain"
    assert info.info.comment.startswith("SYNTHETIC") and info.bext.originator == "ANN"


def test_a_name_by_ucs_keeps_its_fields_when_it_is_numbered(run, takes: list[str], files: Path) -> None:
    asked = ("--catid", "RAINGen", *UCS, "--fx-name", "Drip")
    for data, first, second in [
        ((), "RAINGen_Drip_ANN_STORM.wav", "RAINGen_Drip 02_ANN_STORM.wav"),
        (("--user-data", "v1"), "RAINGen_Drip_ANN_STORM_v1.wav", "RAINGen_Drip 02_ANN_STORM_v1.wav"),
    ]:
        (entry,) = made(run("deliver", takes[0], *asked, *data, "--out", "d", "--json"))
        (again,) = made(run("deliver", entry["file"], "--peak", "--out", "d", "--json"))
        assert [Path(each["file"]).name for each in (entry, again)] == [first, second]
        assert again["ucs"] == entry["ucs"]
    (files / "d" / "a_b_c_d.wav").write_bytes((files / "sea.wav").read_bytes())
    (other,) = made(run("deliver", "d/a_b_c_d.wav", "--out", "d", "--json"))
    assert Path(other["file"]).name == "a_b_c_d_2.wav", "a name that is none by UCS"


def test_a_category_that_is_given_is_taken(run, takes: list[str]) -> None:
    (entry,) = made(run("deliver", takes[0], "--catid", "WINDGust", *UCS, "--user-data", "v1", "--out", "d", "--json"))
    assert Path(entry["file"]).name == "WINDGust_Heavy Rain_ANN_STORM_v1.wav" and entry["suggestions"] == []
    (entry,) = made(run("deliver", takes[0], "--catid", "raingen", "--ucs", "ucs.csv", *UCS, "--out", "d", "--json"))
    assert Path(entry["file"]).name == "RAINGen_Heavy Rain_ANN_STORM.wav", "as the list spells it"


def test_dates_and_licences_are_those_that_are_given(run, takes: list[str]) -> None:
    asked = [
        "--date",
        "2026-01-02T03:04:05+01:00",
        "--licence",
        "in-house",
        "--project",
        "Storm",
        "--copyright",
        "(c) Ann",
    ]
    (entry,) = made(run("deliver", takes[0], *asked, "--out", "d", "--json"))
    info = WavInfoReader(entry["file"], info_encoding="utf-8")
    assert (info.bext.originator_date, info.bext.originator_time) == ("2026-01-02", "02:04:05")
    assert info.info.copyright == "(c) Ann; licence of the model: in-house" and info.ixml.project == "Storm"
    assert "licence: in-house" in json.loads(run("info", entry["file"], "--json").out)["origin"]


def test_what_did_not_come_out_is_said(run, takes: list[str]) -> None:
    result = run("deliver", takes[0], "--loudness", 0, "--out", "d")
    assert result.code == 0 and "the ceiling keeps it below the loudness that was asked for" in result.out
    result = run("deliver", takes[0], "--ucs", "ucs.csv", *UCS, "--out", "d")
    assert "suggested: RAINGen 0." in result.out


def test_what_a_file_says_goes_along_unless_an_option_says_otherwise(run, takes: list[str], tmp_path: Path) -> None:
    asked = ["--ucs", "ucs.csv", *UCS, "--project", "Storm", "--copyright", "(c) Ann", "--licence", "in-house"]
    (first,) = made(run("deliver", takes[0], *asked, "--date", "2026-01-02", "--out", "d", "--json"))
    (again,) = made(run("deliver", first["file"], "--format", "flac", "--project", "Calm", "--out", "e", "--json"))
    told = read_comments(Path(again["file"]))
    assert {name: told[name] for name in first["ucs"]} == first["ucs"] == again["ucs"]
    assert (told["ARTIST"], told["ALBUM"], told["COPYRIGHT"]) == ("ANN", "Calm", "(c) Ann")
    assert (told["LICENSE"], told["DATE"], told["TITLE"]) == ("in-house", "2026-01-02", "Heavy Rain")
    assert first["left_behind"] == again["left_behind"] == []
    told |= {"MOOD": "calm"}
    (tmp_path / "odd.flac").write_bytes(flac_with(Path(again["file"]).read_bytes(), told))
    assert "does not go along: comment MOOD" in run("deliver", "odd.flac", "--out", "f").out


def test_loops_keep_their_points(run, tiny_folder: Path) -> None:
    (loop,) = made(run("generate", "heavy rain", "--takes", 1, "--loop", "--model", tiny_folder, "--json"))
    (entry,) = made(run("deliver", loop["wav"], "--rate", 48000, "--out", "d", "--json"))
    last = soundfile.info(entry["file"]).frames - 1
    assert entry["loops"] and WavInfoReader(entry["file"]).smpl.sample_loops[0].end == last
    assert json.loads(run("info", entry["file"], "--json").out)["loops"] == [{"start": 0, "end": last}]
    assert verdicts(run, entry["file"]) == ["equal"]


def test_a_short_sound_says_that_its_loudness_is_ungated(run, files: Path) -> None:
    result = run("deliver", "tick.wav", "sea.wav", "--out", "d")
    assert result.code == 0 and result.out.count("ungated") == 1
    assert "ungated" in WavInfoReader("d/tick.wav").bext.coding_history
    assert "ungated" not in WavInfoReader("d/sea.wav").bext.coding_history


REFUSED: dict[str, tuple[list[object], str]] = {
    "no file": (["nowhere.wav"], "no such file"),
    "not audio": (["text.wav"], "not a readable audio file"),
    "two levels": (["sea.wav", "--peak", "--loudness", -20], "two levels"),
    "a level of silence": (["silence.wav", "--loudness", -20], "silence.wav: the sound is silent"),
    "silence to trim": (["silence.wav", "--trim"], "nothing would be left"),
    "long fades": (["sea.wav", "--fade-in", 2], "make them shorter"),
    "a rate": (["sea.wav", "--rate", 22050], "sample_rate 22050 is not known; accepted are 44100 or 48000"),
    "a format": (["sea.wav", "--format", "mp3"], "format 'mp3' is not known; accepted are 'wav16'"),
    "a ceiling": (["sea.wav", "--ceiling", 3], "ceiling 3.0 is out of range; give 0 or less"),
    "a threshold alone": (["sea.wav", "--threshold", -40], "--trim"),
    "no creator": (["sea.wav", "--catid", "RAINGen"], "--creator and --source-id"),
    "a path in a name": (["sea.wav", "--catid", "RAINGen", "--creator", "../x", "--source-id", "B"], "creator '../x'"),
    "a path as category": (["sea.wav", "--catid", "../x", *UCS], "CatID '../x'"),
    "an unknown category": (["sea.wav", "--catid", "WINDGust", "--ucs", "ucs.csv", *UCS], "is not in ucs.csv"),
    "a list without words": (["sea.wav", "--ucs", "ucs.csv", *UCS], "no prompt to suggest a category from"),
    "no list": (["sea.wav", "--ucs", "nowhere.csv", *UCS], "no such file: nowhere.csv"),
    "a name without a category": (["sea.wav", "--fx-name", "Sea"], "give --catid or --ucs"),
    "a date": (["sea.wav", "--date", "yesterday"], "no date"),
    "no numbers": (["nan.wav"], "no numbers"),
    "no numbers to trim": (["nan.wav", "--trim"], "no numbers"),
    "no samples": (["empty.wav"], "empty.wav"),
}


@pytest.mark.parametrize("kind", list(REFUSED))
def test_bad_input_ends_in_one_line(kind: str, refused, files: Path) -> None:
    arguments, said = REFUSED[kind]
    (files / "ucs.csv").write_text(LIST)
    (files / "d").mkdir()
    refused(said, "deliver", *arguments, "--out", "d")


def test_a_far_prompt_is_not_guessed(run, refused, takes: list[str], tmp_path: Path) -> None:
    (tmp_path / "ucs.csv").write_text(LIST.replace("RAIN", "WIRE").replace("rainfall, drizzle, downpour", "cable"))
    (tmp_path / "d").mkdir()
    refused("give --catid", "deliver", takes[0], "--ucs", "ucs.csv", *UCS, "--out", "d")


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00", "0300-01-01"])
def test_dates_that_no_file_holds_are_refused(date: str, refused, takes: list[str]) -> None:
    refused("is no date", "deliver", takes[0], "--date", date)


@pytest.mark.parametrize("command", [["deliver", "--out", "d"], ["verify"]])
def test_a_file_that_may_not_be_read_is_told_as_well(command: list[str], run, takes: list[str], tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(Path(takes[0]).read_bytes())
    (tmp_path / "secret.wav").chmod(0)
    if os.access(tmp_path / "secret.wav", os.R_OK):
        pytest.skip("who runs this may read every file")
    result = run(*command, "secret.wav", takes[1])
    assert result.code == 2 and "secret.wav" in result.err and Path(takes[1]).name in result.out


@pytest.mark.parametrize("command", [["deliver", "--out", "d"], ["verify"]])
def test_what_cannot_be_read_is_told_and_the_others_are_done(
    command: list[str], run, takes: list[str], tmp_path: Path
) -> None:
    (tmp_path / "text.wav").write_text("not audio")
    files = [takes[0], "text.wav", "gone.wav", takes[1]]
    result = run(*command, *files)
    assert result.code == 2 and len(result.err.splitlines()) == 2
    assert "text.wav is not a readable audio file" in result.err and "no such file: gone.wav" in result.err
    assert all(Path(take).name in result.out for take in takes) and "gone" not in result.out
    result = run(*command, *files, "--json")
    told = json.loads(result.out)["files"]
    assert result.code == 2 and ["error" in entry for entry in told] == [False, True, True, False]
    assert [entry["file"] for entry in told[1:3]] == files[1:3] and "no such file" in told[2]["error"]
