"""Each layout of a source gives the items that it describes, and what it lacks is a fault, not an end."""

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from soundctm.errors import UserError
from soundctm.training.data.prepare.detect import open_source
from soundctm.training.data.prepare.items import Item, Source
from soundctm.training.data.prepare.settings import Settings, SourceOptions, checked
from tests.oracles.sounds import encoded, tone, write_folder

SOUND = encoded(tone())


def opened(path: Path, **options: object) -> Source:
    return open_source(path, checked(SourceOptions, options))


def items(source: Source) -> list[Item]:
    found = list(source.items())
    assert found == list(source.items()), "an order that repeats"
    assert source.count() == len(found)
    return found


def said(item: Item) -> tuple[str, str]:
    """Name, and caption or fault."""
    return item.name, item.caption if item.fault is None else f"!{item.fault.code}"


def test_csv_with_a_folder_of_sounds(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    write_folder(tmp_path / "sounds", {"a.wav": SOUND})
    table.write_bytes(
        b'\xef\xbb\xbfFile, Caption ,licence,class\na.wav,"rain, then wind",CC0,rain\n\nb.wav,caf\xe9,,\nc.wav,,,\n'
        b"d.wav,rain, then wind,CC0,rain\n,words,,\ne.wav\n"
    )
    source = opened(table, audio=tmp_path / "sounds", licence="mine")
    assert source.kind == "table"
    found = items(source)
    assert [said(item) for item in found] == [
        ("a.wav", "rain, then wind"), ("b.wav", "!caption_not_utf8"), ("c.wav", "!empty_caption"),
        ("t.csv, entry 4", "!unreadable_row"), ("t.csv, entry 5", "!missing_file"), ("e.wav", "!missing_caption"),
    ]  # fmt: skip
    assert (found[0].licence, found[0].group) == ("CC0", "rain")
    assert found[0].sound is not None and found[0].sound.read() == SOUND


def test_tsv_and_json_lines(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("path\ttext\na.wav\train, falling\n")
    assert [said(item) for item in items(opened(tmp_path / "t.tsv"))] == [("a.wav", "rain, falling")]
    lines = [
        json.dumps({"audio": "a.wav", "caption": "rain"}), "{broken", "[1]", json.dumps({"audio": "b.wav"}),
        json.dumps({"audio": "c.wav", "caption": ["first", "second"]}), json.dumps({"audio": "d.wav", "caption": 5}),
        json.dumps({"audio": "e.wav", "caption": "half \ud800"}),
    ]  # fmt: skip
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    assert [said(item) for item in items(opened(tmp_path / "t.jsonl"))] == [
        ("a.wav", "rain"), ("t.jsonl, entry 2", "!unreadable_row"), ("t.jsonl, entry 3", "!unreadable_row"),
        ("b.wav", "!missing_caption"), ("c.wav", "first"), ("d.wav", "!missing_caption"),
        ("e.wav", "!caption_not_utf8"),
    ]  # fmt: skip


def test_audiocaps_finds_files_by_their_names(tmp_path: Path) -> None:
    write_folder(tmp_path / "a", {"abc.wav": SOUND, "Y-de.flac": SOUND, "7.wav": SOUND, "xyz_30.wav": SOUND})
    rows = ["audiocap_id,youtube_id,start_time,caption"]
    rows += ["1,abc,10,rain", "2,-de,0,wind", "7,gone,5,sea", "9,xyz,30,fire", "8,nowhere,3,dog"]
    (tmp_path / "train.csv").write_text("\n".join(rows))
    source = opened(tmp_path / "train.csv", audio=tmp_path / "a")
    assert source.kind == "audiocaps"
    assert [said(item) for item in items(source)] == [
        ("abc.wav", "rain"), ("Y-de.flac", "wind"), ("7.wav", "sea"), ("xyz_30.wav", "fire"),
        ("nowhere", "!missing_file"),
    ]  # fmt: skip


def test_sidecar_captions(tmp_path: Path) -> None:
    described = json.dumps({"Text": "wind", "license": "CC0", "label": "air"}).encode()
    files = {
        "b/x.wav": SOUND, "b/x.txt": b"\xef\xbb\xbfrain\n falling ", "a.flac": SOUND, "a.json": described,
        "c.wav": SOUND, "d.odd": SOUND, "d.txt": b"odd", "README.md": b"no sound", ".hidden.wav": SOUND, "e.ogg": SOUND,
        "e.json": b"{", "F.WAV": SOUND, "F.TXT": b"capitals", "F.JSON": described, "notes.txt": b"of no sound",
    }  # fmt: skip
    source = opened(write_folder(tmp_path / "in", files), licence="mine")
    assert source.kind == "sidecar"
    found = items(source)
    assert [said(item) for item in found] == [
        ("F.WAV", "capitals"), ("a.flac", "wind"), ("c.wav", "!missing_caption"), ("d.odd", "odd"),
        ("e.ogg", "!missing_caption"), ("notes.txt", "!missing_file"), ("b/x.wav", "rain falling"),
    ]  # fmt: skip
    assert (found[1].licence, found[1].group, found[3].licence) == ("CC0", "air", "mine")
    before = source.fingerprint()
    (tmp_path / "in" / "notes.txt").unlink()
    assert source.fingerprint() != before, "entries are counted on when a preparation goes on"


def test_a_folder_that_cannot_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path, {"a/x.wav": SOUND, "a/x.txt": b"rain", "b/y.wav": SOUND, "b/y.txt": b"wind"})
    look = os.scandir

    def refuse(place: str) -> object:
        if str(place).endswith("a"):
            raise PermissionError(13, "Permission denied", place)
        return look(place)

    monkeypatch.setattr(os, "scandir", refuse)
    found = items(opened(tmp_path))
    assert [said(item) for item in found] == [("b/y.wav", "wind"), (str(tmp_path / "a"), "!unreadable_file")]


def test_esc50_and_its_filters(tmp_path: Path) -> None:
    table = "filename,fold,target,category,esc10,src_file,take\n"
    table += "1-1-A-0.wav,1,0,dog,True,1,A\n2-2-A-1.wav,2,1,crying_baby,True,2,A\n"
    table += "3-3-A-2.wav,3,2,door_wood_knock,False,3,A\n"
    write_folder(tmp_path, {"meta/esc50.csv": table.encode(), "audio/1-1-A-0.wav": SOUND})
    found = items(opened(tmp_path))
    assert [item.caption for item in found] == ["dog", "crying baby", "door wood knock"]
    assert [item.licence for item in found] == ["CC BY 3.0", "CC BY 3.0", "CC BY-NC 3.0"]
    assert found[1].group == "crying_baby"
    assert [item.group for item in items(opened(tmp_path, esc10=True, folds=[2, 3]))] == ["crying_baby"]


def test_esc10_folders(tmp_path: Path) -> None:
    names = ["002 - Rain/5-1-A.ogg", "001 - Dog bark/1-2-A.ogg", "001 - Dog bark/1-1-A.ogg", "notes/1-1-A.ogg"]
    write_folder(tmp_path, {name: SOUND for name in names})
    found = items(opened(tmp_path))
    assert [said(item) for item in found] == [
        ("001 - Dog bark/1-1-A.ogg", "a dog barking"), ("001 - Dog bark/1-2-A.ogg", "a dog barking"),
        ("002 - Rain/5-1-A.ogg", "rain"),
    ]  # fmt: skip
    assert {item.group for item in items(opened(tmp_path, folds=[1, 2, 3, 4]))} == {"dog"}


def test_the_shared_esc10(shared_folder: Path) -> None:
    source = opened(shared_folder / "data" / "esc10", folds=[5])
    assert source.kind == "esc10" and source.count() == 80


def write_tar(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


MEMBERS = {
    "a/1.wav": SOUND, "a/1.txt": b"rain", "a/2.json": b'{"caption": "wind"}', "a/2.cls": b"3", "a/2.flac": SOUND[:-1],
    "a/3.wav": SOUND, "a/4.txt": b"nothing to hear",
}  # fmt: skip
FROM_TAR = [("a/1.wav", "rain"), ("a/2.flac", "wind"), ("a/3", "!missing_caption"), ("a/4", "!missing_file")]


@pytest.mark.parametrize(("suffix", "mode"), [("tar", "w"), ("tar.gz", "w:gz")])
def test_tar_shards(tmp_path: Path, suffix: str, mode: str) -> None:
    path = write_tar(tmp_path / f"s.{suffix}", MEMBERS, mode)
    found = items(opened(path))
    assert [said(item) for item in found] == [(f"s.{suffix}/{name}", what) for name, what in FROM_TAR]
    sounds = [item.sound.read() for item in found[:2] if item.sound is not None]
    assert sounds == [SOUND, SOUND[:-1]]


def test_a_damaged_tar_does_not_stop_the_next(tmp_path: Path) -> None:
    first = write_tar(tmp_path / "0.tar", MEMBERS).read_bytes()
    (tmp_path / "0.tar").write_bytes(first[: len(SOUND) + 700])
    (tmp_path / "1.tar").write_bytes(b"no archive" * 1000)
    write_tar(tmp_path / "2.tar", {"k.wav": SOUND, "k.txt": b"rain"})
    found = [said(item) for item in items(opened(tmp_path))]
    assert found[-1] == ("2.tar/k.wav", "rain")
    assert {name for name, what in found if what == "!broken_archive"} == {"0.tar", "1.tar"}


@pytest.mark.parametrize(
    ("files", "name", "options", "match"),
    [
        ({}, "gone", {}, "no such file or folder"),
        ({"x.doc": b"?"}, "x.doc", {}, "cannot tell what .* is; accepted are a CSV"),
        ({"f/a.wav": SOUND}, "f", {}, "cannot tell what"),
        ({"f/a.wav": SOUND, "f/t.csv": b"file,caption\n"}, "f", {}, "give .*t.csv"),
        ({"t.csv": b"name,words\na,b\n"}, "t.csv", {}, "columns name, words; it needs one for files"),
        ({"t.csv": b""}, "t.csv", {}, "columns none"),
        ({"t.csv": b"file,caption\n"}, "t.csv", {"audio": "nowhere"}, "nowhere is no readable folder"),
        ({"f/a.wav": SOUND}, "f", {"format": "esc50"}, "no meta/esc50.csv"),
        ({"f/a.wav": SOUND}, "f", {"format": "tar"}, "no tar"),
        ({"t.csv": b"file,caption\na,b\n"}, "t.csv", {"format": "audiocaps"}, "youtube_id"),
        ({"t.csv": b"file,caption\na,b\n"}, "t.csv", {"folds": [1]}, "--folds selects"),
        ({"t.csv": b"file,caption\na,b\n"}, "t.csv", {"esc10": True}, "--esc10 selects"),
        ({"f/a.wav": SOUND, "f/a.txt": b"x"}, "f", {"audio": "."}, "--audio is for tables"),
        ({"001 - Dog bark/1-1-A.ogg": SOUND}, ".", {"folds": [7]}, "folds are 1 to 5, got 7"),
    ],
)
def test_what_fits_nothing_is_said(
    files: dict[str, bytes], name: str, options: dict[str, object], match: str, tmp_path: Path
) -> None:  # fmt: skip
    write_folder(tmp_path, files)
    with pytest.raises(UserError, match=match):
        opened(tmp_path / name, **options)


@pytest.mark.parametrize(("key", "value"), [("seconds", 0), ("sample_rate", 5), ("shard_size", 0), ("nonsense", 1)])
def test_wrong_settings_are_said(key: str, value: int) -> None:
    with pytest.raises(UserError, match=f"{key}: got {value}"):
        checked(Settings, {key: value})
