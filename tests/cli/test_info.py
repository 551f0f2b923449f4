"""``soundctm info`` of a sound: a row for each field, the sentence on its origin once."""

import json
import re
import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from soundctm import Clip
from soundctm.delivery.reading import read_tags
from tests.cli.delivering import UCS
from tests.oracles.commands import made


@pytest.fixture
def loop(run, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The second take of a prompt, as a loop that was delivered in two channels."""
    monkeypatch.setenv("COLUMNS", "400")
    takes = made(run("generate", "rain", "--takes", 2, "--loop", "--model", tiny_folder, "--json"))
    (entry,) = made(run("deliver", takes[1]["wav"], "--stereo", "--peak", "--out", "d", "--json"))
    return str(entry["file"])


def rows(run, path: str) -> dict[str, str]:
    """What is printed, by the name of the row (no name holds two spaces)."""
    lines = [line.strip().partition("  ") for line in run("info", path).out.splitlines()]
    assert len({name for name, _, _ in lines}) == len(lines)
    return {name: text.strip() for name, _, text in lines}


def test_every_field_has_a_row(run, loop: str) -> None:
    found = rows(run, loop)
    last = Clip.load(loop).samples.shape[1] - 1
    assert found["loudness true_peak"] == "-1.0" and "loudness integrated" in found
    assert (found["loops start"], found["loops end"]) == ("0", str(last))
    assert found["cues"] == f"0; {last}" and found["labels"] == "loop start; loop end"
    assert [found[f"ixml TRACK_LIST TRACK {number} NAME"] for number in (1, 2)] == ["Left", "Right"]
    assert found["delivered stereo"] == "yes" and found["delivered level"] == "peak"
    assert not any("{" in text or "LOUDNESS_VALUE -" in text for text in found.values())


def test_the_origin_is_told_once_and_takes_are_counted_from_one(run, loop: str) -> None:
    found = rows(run, loop)
    assert run("info", loop).out.count("SYNTHETIC sound") == 1
    assert found["origin"].startswith("SYNTHETIC sound") and "take 2," in found["origin"]
    assert found["take"] == "2" and found["bext description"] == "rain"
    told = json.loads(run("info", loop, "--json").out)
    assert told["take"] == 1, "JSON has the recipe's own number"
    assert told["info"]["comment"] == told["origin"]


def test_the_loudness_is_shown_once_and_again_only_where_the_file_says_another(run, loop: str) -> None:
    told = json.loads(run("info", loop, "--json").out)
    assert told["bext"]["loudness"] == told["loudness"]["integrated"], "JSON is what the file holds"
    figures = {key: name for name, key in rows(run, loop).items() if "peak" in name.lower() or "loudness" in name}
    assert all(name.startswith("loudness ") for name in figures.values())
    assert run("info", loop).out.count(str(told["loudness"]["integrated"])) == 1
    data = bytearray(Path(loop).read_bytes())
    data[(at := data.index(b"bext") + 8 + 412) : at + 2] = struct.pack("<h", -4321)
    Path(loop).write_bytes(data)
    assert rows(run, loop)["bext loudness"] == "-43.21"


def test_an_identifier_of_others_is_shown(run, loop: str) -> None:
    assert "bext umid" not in rows(run, loop)
    data = bytearray(Path(loop).read_bytes())
    at = data.index(b"bext") + 8 + 348
    assert data[at : at + 64] == bytes(64)
    data[at : at + 4] = b"\x06\x0a\x2b\x34"
    Path(loop).write_bytes(data)
    assert rows(run, loop)["bext umid"].startswith("060a2b34")


def test_labels_and_tracks_of_others_are_read_and_damage_is_left_out(tmp_path: Path, files: Path) -> None:
    bare = (files / "sea.wav").read_bytes()
    root = ElementTree.fromstring("<BWFXML><TRACK_LIST><TRACK><NAME>Boom</NAME></TRACK><TRACK/></TRACK_LIST></BWFXML>")
    labels = b"adtl" + b"".join(
        b"labl" + struct.pack("<II", 4 + len(text), 1) + text + b"\0" * (len(text) % 2) for text in (b"A\0", b"Bee\0")
    )
    odd = b"adtl" + b"labl" + struct.pack("<I", 2**31) + b"\1\0\0\0C\0"
    for lists, told in ((labels, ["A", "Bee"]), (odd, ["C"])):
        more = b"".join(
            name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
            for name, body in ((b"iXML", ElementTree.tostring(root)), (b"LIST", lists))
        )
        (tmp_path / "a.wav").write_bytes(bare[:4] + struct.pack("<I", len(bare) - 8 + len(more)) + bare[8:] + more)
        found = read_tags(tmp_path / "a.wav")
        assert found["labels"] == told and found["ixml"]["TRACK_LIST"]["TRACK"] == [{"NAME": "Boom"}]


def facts(run, path: str) -> dict[str, Any]:
    assert run("info", path).code == 0
    return dict(json.loads(run("info", path, "--json").out))


def test_info_tells_all_that_a_file_holds(run, takes: list[str]) -> None:
    (entry, _) = made(run("deliver", *takes, "--catid", "RAINGen", "--ucs", "ucs.csv", *UCS, "--out", "d", "--json"))
    found = facts(run, entry["file"])
    assert found["stored"] == "PCM_24" and found["prompt"] == "heavy rain"
    assert found["bext"]["loudness"] == found["loudness"]["integrated"]
    assert found["ixml"]["USER"]["CATID"] == "RAINGen" and found["info"]["artist"] == "ANN"
    assert found["origin"].startswith("SYNTHETIC sound, made by soundctm")
    (entry, _) = made(run("deliver", *takes, "--format", "ogg", "--out", "d", "--json"))
    assert facts(run, entry["file"])["comments"]["SYNTHETIC"] == "yes"


def test_what_was_asked_of_a_delivery_is_told_though_it_be_the_default(run, takes: list[str]) -> None:
    for options, told in [
        (("--loudness", -23), {"format": "wav24", "level": "loudness", "loudness": "-23.0", "ceiling": "-1.0"}),
        (("--format", "flac", "--ceiling", -3), {"format": "flac", "ceiling": "-3.0"}),
        (("--format", "wav16"), {"format": "wav16"}),
    ]:
        (entry,) = made(run("deliver", takes[0], *options, "--out", "d", "--json"))
        found = rows(run, entry["file"])
        given = {name.split()[1]: text for name, text in found.items() if name.startswith("delivered ")}
        assert given == told


def test_info_of_what_has_no_loudness(run, files: Path) -> None:
    assert rows(run, "silence.wav")["loudness integrated"] == "none"
    assert facts(run, "silence.wav")["loudness"]["integrated"] is None
    for name in ("nan.wav", "empty.wav"):
        assert str(facts(run, name)["loudness"]).startswith("not measured")
    assert "origin" not in facts(run, "sea.wav")


def test_a_take_has_the_number_of_its_recipe_in_json(run, takes: list[str]) -> None:
    assert [facts(run, take)["take"] for take in takes] == [0, 1]
    assert [rows(run, take)["take"] for take in takes] == ["1", "2"]


def test_a_recipe_that_cannot_be_read_hides_nothing_else(run, takes: list[str]) -> None:
    data = Path(takes[0]).read_bytes()
    Path("odd.wav").write_bytes(data.replace(b'"gamma":', b'"gimmy":'))
    found = facts(run, "odd.wav")
    assert found["recipe"].startswith("none: odd.wav carries a recipe that cannot be read") and found["loudness"]


def test_nothing_is_cut_or_wrapped_for_a_pipe(run, files: Path, tiny_folder: Path) -> None:
    points = ", ".join(f"{i / 200:g}:{-40 + i / 10:g}" for i in range(200))
    (entry,) = made(run("control", "rain", "--intensity", points, "--steps", 1, "--model", tiny_folder, "--json"))
    name = Path("x" * 150 + ".wav")
    name.write_bytes(Path(entry["wav"]).read_bytes())
    lines = run("info", name).out.splitlines()
    assert f"file {name}" in [" ".join(line.split()) for line in lines]
    told = next(line for line in lines if line.startswith(" targets points"))
    assert len(told) > 1500 and told.endswith("; 0.995:-20.1")
    assert all(line == line.rstrip() for line in lines)


def test_a_terminal_has_two_columns_that_fit_into_it(run, takes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", run("info", takes[0]).out).splitlines()
    assert max(map(len, lines)) <= 60 and sum(line.startswith(" origin") for line in lines) == 1
    assert lines[[line.split()[:1] for line in lines].index(["origin"]) + 1].startswith("  "), "it is wrapped"


def test_a_file_that_ends_early_has_a_row_that_says_so(run, takes: list[str], files: Path) -> None:
    whole = {name: Path(name) for name in ("sea.wav", takes[0])}
    sea = soundfile.read("sea.wav")[0]
    for name in ("sea.aiff", "sea.ogg"):
        soundfile.write(name, np.tile(sea, 20), 8000)
        whole[name] = Path(name)
    for path in whole.values():
        assert "cut off" not in facts(run, str(path))
        cut = path.with_stem("cut")
        cut.write_bytes(path.read_bytes()[: -path.stat().st_size // 3])
        assert facts(run, str(cut))["cut off"] == "it ends before its header says; fetch it again"
        assert rows(run, str(cut))["cut off"].startswith("it ends before")
