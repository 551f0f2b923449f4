"""Everything that can be wrong with a file: reported with its reason, never in a shard, never the end of the run."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from soundctm.errors import UserError
from soundctm.training.data.prepare.detect import open_source
from soundctm.training.data.prepare.run import prepare
from soundctm.training.data.prepare.settings import Settings, SourceOptions
from soundctm.training.data.prepare.shards import ShardReader, finished_shards, read_records
from tests.oracles.sounds import RATE, encoded, tone, write_folder

SETTINGS = Settings(seconds=0.4, sample_rate=RATE, shard_size=3)
NOISE = np.random.default_rng(0).normal(0, 0.1, (RATE, 1))


def with_value(value: float) -> bytes:
    samples = tone()
    samples[-1] = value  # behind the cut: the whole file is looked at
    return encoded(samples, subtype="FLOAT")


def bad_files() -> dict[str, tuple[bytes, bytes | None, str]]:
    """Name -> content, caption, expected reason."""
    said = b"a sound"
    flac, wav, ogg = encoded(NOISE, kind="FLAC"), encoded(NOISE), encoded(NOISE, 44100, "OGG", "VORBIS")
    return {
        "cut.flac": (flac[: len(flac) // 2], said, "damaged"),
        "cut.wav": (wav[:-1000], said, "truncated"),
        "cut.ogg": (ogg[:-500], said, "truncated"),
        "cut.aiff": (encoded(NOISE, kind="AIFF")[:-10], said, "truncated"),
        "cut.au": (encoded(NOISE, kind="AU")[:-10], said, "truncated"),
        "flipped.flac": (flac[:3000] + bytes(2000) + flac[5000:], said, "damaged"),
        "zero.wav": (b"", said, "zero_length"),
        "headeronly.wav": (encoded(NOISE[:0]), said, "zero_length"),
        "nan.wav": (with_value(np.nan), said, "not_finite"),
        "inf.wav": (with_value(np.inf), said, "not_finite"),
        "text.wav": (b"these are words, no samples, and many of them" * 20, said, "not_audio"),
        "silent.wav": (encoded(0 * tone()), said, "silent"),
        "faint.wav": (encoded(0.0005 * tone(), subtype="PCM_24"), said, "silent"),
        "opposed.wav": (encoded(tone(channels=2) * [1, -1]), said, "silent"),
        "slow.wav": (encoded(tone(), rate=100), said, "unusable_rate"),
        "nocaption.wav": (wav, None, "missing_caption"),
        "blank.wav": (wav, b" \n\t ", "empty_caption"),
        "latin.wav": (wav, "café".encode("latin-1"), "caption_not_utf8"),
        "utf16.wav": (wav, "rain".encode("utf-16"), "caption_not_utf8"),
        "again.wav": (encoded(tone(300)), b"the same again", "duplicate"),
    }


def good_files() -> dict[str, tuple[bytes, list[str]]]:
    """Name -> content, what has to be said of it. Names come before the bad ones' where a duplicate counts."""
    return {
        "aa.wav": (encoded(tone(300)), ["cut"]),
        "ab_8bit.wav": (encoded(tone(310), subtype="PCM_U8"), ["8-bit samples", "cut"]),
        "ac_96k.wav": (encoded(tone(320, rate=96000), 96000), ["resampled", "cut"]),
        "ad_6ch.wav": (encoded(tone(330, channels=6)), ["folded to mono", "cut"]),
        "ae_flac.wav": (encoded(tone(340), kind="FLAC"), ["cut"]),
        "af_wav.dat": (encoded(tone(350)), ["cut"]),
        "ag_short.wav": (encoded(tone(360, seconds=0.1)), ["padded"]),
        "ah_hot.wav": (encoded(4 * tone(370), subtype="FLOAT"), ["cut", "lowered to full scale"]),
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    files: dict[str, bytes] = {}
    for name, (data, _) in good_files().items():
        files |= {name: data, f"{Path(name).stem}.txt": f"good {name}".encode()}
    for name, (data, caption, _) in bad_files().items():
        directory = "zz/" + Path(name).suffix[1:]
        files[f"{directory}/{name}"] = data
        if caption is not None:
            files[f"{directory}/{Path(name).stem}.txt"] = caption
    source = open_source(write_folder(folder / "in", files), SourceOptions())
    prepare(source, folder / "out", SETTINGS, SourceOptions())
    return folder / "out"


def left_out(folder: Path) -> dict[str, tuple[str, str]]:
    with (folder / "left_out.csv").open(newline="") as file:
        return {row["name"]: (row["reason"], row["explanation"]) for row in csv.DictReader(file)}


def test_every_bad_file_is_reported_with_its_reason(prepared: Path) -> None:
    found = {Path(name).name: code for name, (code, _) in left_out(prepared).items()}
    assert found == {name: code for name, (_, _, code) in bad_files().items()}
    assert all(len(sentence) > 10 for _, sentence in left_out(prepared).values())
    assert left_out(prepared)["zz/wav/again.wav"][1] == "the same sound as aa.wav"


def test_the_manifest_counts_them(prepared: Path) -> None:
    manifest = json.loads((prepared / "manifest.json").read_text())
    counted = dict(manifest["left_out"])
    assert counted.pop("total") == sum(counted.values()) == len(bad_files())
    assert counted["truncated"] == 4 and counted["silent"] == 3
    assert manifest["clips"] == len(good_files())


def test_only_good_files_are_stored_and_what_was_changed_is_said(prepared: Path) -> None:
    records = [record for path in finished_shards(prepared / "shards") for record in read_records(path)]
    assert {record.name: list(record.changes) for record in records} == {n: c for n, (_, c) in good_files().items()}
    clips = ShardReader(prepared / "shards")
    for clip, name in enumerate(clips.names):
        row = clips.row(clip).astype(float) / 32768
        assert row.shape == (1, SETTINGS.length)
        hertz = 300 + 10 * clip
        spectrum = np.abs(np.fft.rfft(row[0], 8 * RATE))
        assert np.argmax(spectrum) / 8 == pytest.approx(hertz, abs=3), name
        assert clips.captions[clip] == f"good {name}"
        wanted = 1.0 if "hot" in name else 0.5
        assert np.abs(row).max() == pytest.approx(wanted, rel=0.02), name


def test_stereo_reports_what_it_cannot_fold(tmp_path: Path) -> None:
    sounds = {"six": tone(channels=6), "two": tone(channels=2) * [1, -1], "one": tone(500)}
    files = {f"{name}.wav": encoded(sound) for name, sound in sounds.items()}
    captions = {f"{Path(name).stem}.txt": b"a tone" for name in files}
    source = open_source(write_folder(tmp_path / "in", files | captions), SourceOptions())
    settings = SETTINGS.model_copy(update={"channels": "stereo"})
    manifest = prepare(source, tmp_path / "out", settings, SourceOptions())
    assert manifest["left_out"] == {"total": 1, "too_many_channels": 1}
    clips = ShardReader(tmp_path / "out" / "shards")
    assert clips.names == ["one.wav", "two.wav"]
    assert np.array_equal(clips.row(0)[0], clips.row(0)[1])
    assert clips.row(1)[0] == pytest.approx(-clips.row(1)[1], abs=3)


def test_nothing_usable_is_an_error_that_says_why(tmp_path: Path) -> None:
    source = open_source(write_folder(tmp_path / "in", {"a.wav": b"", "a.txt": b"rain"}), SourceOptions())
    with pytest.raises(UserError, match=r"no usable sound .*1 zero_length.*left_out\.csv"):
        prepare(source, tmp_path / "out", SETTINGS, SourceOptions())
    assert left_out(tmp_path / "out").keys() == {"a.wav"}
    assert not (tmp_path / "out" / "manifest.json").exists()
