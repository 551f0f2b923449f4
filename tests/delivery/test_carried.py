"""What a file says goes along when it is delivered again: ours, and what others wrote."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from wavinfo import WavInfoReader

from soundctm import Clip
from soundctm.audio.comments import flac_blocks, read_comments
from soundctm.audio.io import info_chunk, list_chunk
from soundctm.delivery import Delivered, Delivery, deliver
from soundctm.delivery.carried import Carried
from soundctm.delivery.containers import encoded, wav_with
from soundctm.delivery.formats import SUFFIXES, write
from soundctm.delivery.gather import gather
from soundctm.delivery.names import UcsName
from soundctm.delivery.provenance import Origin
from soundctm.delivery.reading import read_tags
from soundctm.delivery.tags import Tags
from soundctm.delivery.ucs import Category
from soundctm.delivery.vorbis import flac_with
from tests.delivery.making import PROMPT, SOUND, TAKE, WHEN, written

RECORDING = Clip(SOUND.samples[:, :30000], 44100)
DOCUMENT = (
    "<BWFXML><IXML_VERSION>1.5</IXML_VERSION><PROJECT>Harbour</PROJECT><SCENE>12A</SCENE><BEXT><BWF_ORIGINATOR>Ben</BWF_ORIGINATOR></BEXT><NOTE>windy</NOTE>"
    "<SYNC_POINT_LIST><SYNC_POINT_COUNT>1</SYNC_POINT_COUNT></SYNC_POINT_LIST>"
    "<SPEED><MASTER_SPEED>25/1</MASTER_SPEED><FILE_SAMPLE_RATE>44100</FILE_SAMPLE_RATE></SPEED>"
    "<TRACK_LIST><TRACK_COUNT>2</TRACK_COUNT><TRACK><NAME>Boom</NAME></TRACK><TRACK><NAME>Lav</NAME></TRACK></TRACK_LIST>"
    "<USER><CATID>BOATMotr</CATID><MICROPHONE>MKH 8040</MICROPHONE></USER></BWFXML>"
)
UMID = bytes(range(1, 65))
BEXT = struct.pack(
    "<256s32s32s10s8sQH64s5h180x", b"Ferry leaves the quay", b"Ben Recorder", b"REEL7", b"2019-05-04", b"10:20:30",
    88200, 1, UMID, *[0] * 5,
) + b"A=PCM,F=44100,W=24,M=stereo,T=Recorder\r\n"  # fmt: skip
INFO = info_chunk({b"IART": "Ben", b"ICMT": "take two is better", b"ICOP": "2019 Ben", b"IKEY": "ferry; diesel",
                   b"IGNR": "Ambience"})  # fmt: skip


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A recording with metadata of other people's programs."""
    path = tmp_path / "ferry.wav"
    chunks = [(b"bext", BEXT), (b"iXML", DOCUMENT.encode()), (b"LIST", INFO), (b"cart", b"x" * 8)]
    path.write_bytes(wav_with(encoded(RECORDING.samples.T, 44100, "WAV", "FLOAT"), chunks))
    return path


def again(path: Path, folder: Path, form: str, told: dict[str, Any] | None = None, **asked: Any) -> tuple[Path, Tags]:
    """A file delivered again, with these fields given."""
    clip = Clip.load(path)
    done = deliver(clip, Delivery.of({"format": form, **asked}))
    carried = gather(path, "" if clip.recipe is None else clip.recipe.prompt, clip.loops)
    origin = None if clip.recipe is None else Origin(clip.recipe, carried.licence)
    tags = Tags(**{"title": carried.title or path.stem, "origin": origin, "carried": carried, **(told or {})})
    return write(done, tags, folder / f"again{SUFFIXES[form]}"), tags


def plainly(path: Path) -> dict[str, Any]:
    """What both kinds of files say, by the names of one."""
    tags = read_tags(path)
    if "comments" in tags:
        told = tags["comments"]
        names = ("TITLE", "ARTIST", "ALBUM", "DATE", "GENRE", "LICENSE", "COMMENT", "COPYRIGHT")
        return {name: told.get(name, "") for name in (*names, "CATID", "FXNAME", "CREATORID", "SOURCEID", "CATEGORY")}
    info, ixml = tags["info"], tags["ixml"]
    user = ixml["USER"]
    return {
        "TITLE": info["title"], "ARTIST": info["artist"], "ALBUM": ixml["PROJECT"], "DATE": info["date"],
        "GENRE": info["keywords"], "LICENSE": user["LICENCE"], "COMMENT": info["comment"],
        "COPYRIGHT": info["copyright"].partition("; licence")[0],
        **{name: user[name] for name in ("CATID", "FXNAME", "CREATORID", "SOURCEID", "CATEGORY")},
    }  # fmt: skip


# ---- ours


@pytest.mark.parametrize("first", ["wav16", "flac", "ogg"])
@pytest.mark.parametrize("second", ["wav24", "flac"])
def test_what_our_own_file_says_is_the_same_when_it_is_delivered_again(first: str, second: str, tmp_path: Path) -> None:
    path, _ = written(first, TAKE, tmp_path)
    once = plainly(path)
    for number in range(2):
        (folder := tmp_path / str(number)).mkdir()
        path, _ = again(path, folder, second)
        assert plainly(path) == once
    assert once["CATID"] == "RAINGen" and once["GENRE"] == "RAIN; GENERAL; roof; synthetic" and once["ALBUM"] == "Storm"
    assert gather(path, PROMPT).remarks == {}, "our own sentences are made anew"


def test_the_history_of_a_file_grows_by_a_line(tmp_path: Path) -> None:
    path, _ = written("wav16", TAKE, tmp_path)
    before = read_tags(path)["bext"]["history"]
    after = read_tags(again(path, tmp_path, "wav24", ceiling=-30)[0])["bext"]["history"]
    assert after[:2] == before and len(after) == 3 and "gain" in after[2] and "W=24" in after[2]


def test_a_text_that_somebody_put_into_our_file_stays_beside_our_sentence(tmp_path: Path) -> None:
    carried = Carried(remarks={"info": "use for scene 3"})
    done = deliver(Clip(SOUND.samples, 44100, TAKE), Delivery())
    path = write(done, Tags("Heavy Rain", origin=Origin(TAKE), carried=carried), tmp_path / "a.wav")
    for number in range(2):
        (folder := tmp_path / str(number)).mkdir()
        path, tags = again(path, folder, "wav24")
        assert read_tags(path)["info"]["comment"] == f"use for scene 3 | {tags.statement}"
        assert read_tags(path)["bext"]["description"].startswith('rain "on" a <tin> roof'), "what libraries search"


def test_fields_that_are_given_stand_in_place_of_those_that_were_there(tmp_path: Path) -> None:
    path, _ = written("wav24", TAKE, tmp_path)
    told = {"creator": "Zoe", "project": "Calm", "name": UcsName.of("WINDGust", "Gust", "ZOE", "AIR"), "when": WHEN}
    found = plainly(again(path, tmp_path, "flac", told)[0])
    assert (found["ARTIST"], found["ALBUM"], found["CATID"], found["FXNAME"]) == ("Zoe", "Calm", "WINDGust", "Gust")
    assert found["CATEGORY"] == "" and "RAIN" not in found["GENRE"], "that of another CatID"
    assert found["COPYRIGHT"] == "2026 Ann", "what was not given stays"
    category = {**told, "category": Category("WINDGust", "WIND", "GUST")}
    found = plainly(again(path, tmp_path, "wav24", category)[0])
    assert found["CATEGORY"] == "WIND" and found["SOURCEID"] == "AIR"
    assert read_tags(tmp_path / "again.wav")["bext"]["originator"] == "Zoe"
    assert "USERDATA" not in read_tags(tmp_path / "again.wav")["ixml"]["USER"]


# ---- of others


def test_what_others_wrote_stays(theirs: Path, tmp_path: Path) -> None:
    path, tags = again(theirs, tmp_path, "wav24", sample_rate=48000)
    bext, info = WavInfoReader(path).bext, WavInfoReader(path, info_encoding="utf-8").info
    assert (bext.description, bext.originator, bext.originator_ref) == (
        "Ferry leaves the quay",
        "Ben Recorder",
        "REEL7",
    )
    assert (bext.originator_date, bext.originator_time) == ("2019-05-04", "10:20:30") and bext.umid
    assert bext.time_reference == 96000, "two seconds, at the new rate"
    assert bext.coding_history.splitlines()[0] == "A=PCM,F=44100,W=24,M=stereo,T=Recorder"
    assert "resampled" in bext.coding_history.splitlines()[1]
    assert (info.artist, info.comment, info.copyright) == ("Ben", "take two is better", "2019 Ben")
    assert info.genre == "Ambience" and info.keywords == "ferry; diesel" and info.created_date == "2019-05-04"
    xml = WavInfoReader(path).ixml.raw_xml
    told = {name: xml.findtext(name) for name in ("PROJECT", "SCENE", "NOTE", "SPEED/MASTER_SPEED", "USER/MICROPHONE")}
    assert list(told.values()) == ["Harbour", "12A", "windy", "25/1", "MKH 8040"]
    assert xml.findtext("SPEED/FILE_SAMPLE_RATE") == "48000" and xml.findtext("USER/CATID") == "BOATMotr"
    assert [name.text for name in xml.findall("TRACK_LIST/TRACK/NAME")] == ["Boom", "Lav"]
    assert "soundctm" not in str(read_tags(path)["ixml"]) and tags.carried.dropped == ("chunk cart",)


def left(path: Path, **asked: Any) -> list[str]:
    carried, clip = gather(path), Clip.load(path)
    done: Delivered = deliver(clip, Delivery.of(asked))
    return carried.left_behind(done, recorded=True)


def test_what_does_not_go_along_is_told(theirs: Path) -> None:
    assert left(theirs) == ["chunk cart"]
    assert left(theirs, sample_rate=48000) == ["chunk cart", "iXML SYNC_POINT_LIST"]
    trimmed = left(theirs, trim=True)
    assert trimmed == ["chunk cart", "the time reference (a trim moves the start)", "iXML SYNC_POINT_LIST"]
    assert left(theirs, format="flac") == [
        "chunk cart", "bext originator", "bext reference", "bext coding history", "bext time reference", "bext UMID",
        "iXML SCENE", "iXML SYNC_POINT_LIST", "iXML SPEED MASTER_SPEED", "iXML USER MICROPHONE", "INFO IGNR",
    ]  # fmt: skip


def test_a_trim_forgets_when_a_sound_began(theirs: Path, tmp_path: Path) -> None:
    path, _ = again(theirs, tmp_path, "wav24", trim=True)
    assert WavInfoReader(path).bext.time_reference == 0
    assert WavInfoReader(path).ixml.raw_xml.find("SYNC_POINT_LIST") is None


def test_comments_of_others_stay(theirs: Path, tmp_path: Path) -> None:
    path, _ = again(theirs, tmp_path, "flac")
    told = read_comments(path)
    assert told["COMMENT"] == "take two is better" and told["DESCRIPTION"] == "Ferry leaves the quay"
    assert told["CATID"] == "BOATMotr" and told["DATE"] == "2019-05-04" and "SYNTHETIC" not in told
    bare = encoded(RECORDING.samples.T, 44100, "FLAC", "PCM_16")
    path.write_bytes(flac_with(bare, told | {"MOOD": "calm", "REPLAYGAIN_TRACK_GAIN": "-3 dB", "LOOPSTART": "5"}))
    told["MOOD"] = "calm"
    (folder := tmp_path / "more").mkdir()
    assert read_comments(again(path, folder, "flac")[0]) == told
    assert left(path, format="ogg") == ["comment LOOPSTART", "comment REPLAYGAIN_TRACK_GAIN"]
    assert left(path) == ["comment LOOPSTART", "comment REPLAYGAIN_TRACK_GAIN", "comment MOOD"]


def test_pictures_and_damaged_chunks_are_told(tmp_path: Path) -> None:
    bare = encoded(RECORDING.samples.T, 44100, "FLAC", "PCM_16")
    path = tmp_path / "a.flac"
    path.write_bytes(bare[:42] + b"\x06\0\0\x20" + bytes(32) + bare[42:])  # behind the stream information
    assert bare[4] == 0 and 6 in flac_blocks(path) and left(path) == ["picture"]
    path = tmp_path / "a.wav"
    labels = list_chunk(b"adtl", {b"labl": struct.pack("<I", 1) + b"hit\0"})
    odd = [(b"iXML", b"<BWFXML>"), (b"bext", b"?"), (b"cue ", bytes(4)), (b"LIST", labels)]
    path.write_bytes(wav_with(encoded(RECORDING.samples.T, 44100, "WAV", "FLOAT"), odd))
    told = ["chunk cue", "chunk bext (damaged)", "chunk iXML (damaged)", "labels of cue points"]
    assert left(path) == told


# ---- dates


def test_where_no_date_is_given_the_file_says_none(tmp_path: Path, ffprobe: Callable[[Path], dict[str, Any]]) -> None:
    for form in ("wav24", "flac", "ogg"):
        done = deliver(RECORDING, Delivery.of({"format": form}))
        path = write(done, Tags("Ferry"), tmp_path / f"a{SUFFIXES[form]}")
        assert "date" not in {name.lower() for name in ffprobe(path)["tags"]}
        assert b"1970" not in path.read_bytes()
    assert WavInfoReader(tmp_path / "a.wav").bext.originator_date == ""
    assert "date" not in read_tags(tmp_path / "a.wav")["info"]


def test_the_false_date_of_earlier_versions_is_forgotten(tmp_path: Path) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    path = write(deliver(RECORDING, Delivery()), Tags("Ferry", when=epoch), tmp_path / "a.wav")
    assert gather(path).when is None
    path = write(deliver(RECORDING, Delivery()), Tags("Ferry", when=WHEN), tmp_path / "a.wav")
    assert gather(path).when == WHEN


@pytest.mark.parametrize(
    ("day", "time", "kept"),
    [
        (b"2019:05:04", b"10-20-30", "2019-05-04 10:20:30"),
        (b"2019-05-04", b"", "2019-05-04 00:00:00"),
        (b"2019", b"", None),
        (b"long ago", b"", None),
    ],
)
def test_dates_of_others_are_kept_or_told(day: bytes, time: bytes, kept: str | None, tmp_path: Path) -> None:
    chunk = struct.pack("<256s32s32s10s8s264x", b"", b"", b"", day, time)
    path = tmp_path / "a.wav"
    path.write_bytes(wav_with(encoded(RECORDING.samples.T, 44100, "WAV", "FLOAT"), [(b"bext", chunk)]))
    assert gather(path).when == (None if kept is None else datetime.fromisoformat(kept).replace(tzinfo=UTC))
    assert left(path) == ([] if kept else [f"date {day.decode()}"])
