"""What is written is read back by other people's programs, and by our own."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wavinfo import WavInfoReader

from soundctm import Clip
from soundctm.delivery import Delivered, Delivery, deliver
from soundctm.delivery.chunks import bext
from soundctm.delivery.formats import encode
from soundctm.delivery.process import FORMATS
from soundctm.delivery.reading import read_tags
from soundctm.delivery.tags import Tags
from tests.delivery.making import PROMPT, SOUND, TAKE, WAVS, delivered, tags, written
from tests.oracles.sounds import encoded

# ---- wavinfo


@pytest.mark.parametrize("form", WAVS)
def test_wavinfo_reads_every_chunk(form: str, made: Any, tmp_path: Path) -> None:
    path, done = written(form, made, tmp_path)
    found, loudness = WavInfoReader(path, info_encoding="utf-8"), done.report.after
    depth = {"wav16": 16, "wav24": 24, "wav32f": 32}[form]
    assert (found.fmt.channel_count, found.fmt.sample_rate, found.fmt.bits_per_sample) == (2, 44100, depth)
    assert found.data.frame_count == SOUND.samples.shape[1]
    _check_bext(found.bext, loudness, done, depth)
    assert (
        found.info.title == "Heavy Rain"
        and found.info.artist == "Ann Ämter"
        and found.info.created_date == "2026-01-02"
    )
    assert found.info.comment == tags(made).statement and PROMPT in found.info.comment
    assert found.info.keywords == "RAIN; GENERAL; roof; synthetic" and found.info.software == "soundctm 0.1.0"
    assert found.info.copyright == "2026 Ann; licence of the model: Apache-2.0"
    _check_ixml(found.ixml, loudness, depth)
    _check_loop(found, made)


def _check_bext(found: Any, loudness: Any, done: Delivered, depth: int) -> None:
    assert (found.version, found.originator, found.originator_date) == (2, "Ann Amter", "2026-01-02")
    assert found.originator_time == "03:04:05" and found.time_reference == 0
    assert found.description.startswith(
        'rain "on" a <tin> roof & Uberdach, ? | SYNTHETIC sound, made by soundctm 0.1.0 with model mini 0123456789ab'
    ), "what libraries search stands first"
    assert len(found.originator_ref) <= 32 and found.originator_ref.endswith(done.clip.digest)
    assert found.loudness_value == pytest.approx(-20, abs=0.01) == round(loudness.integrated, 2)
    assert found.loudness_range == round(loudness.range, 2) and found.max_true_peak == round(loudness.true_peak, 2)
    assert found.max_momentary_loudness == round(loudness.momentary, 2)
    assert found.max_shortterm_loudness == round(loudness.short_term, 2)
    lines = found.coding_history.split("\r\n")
    assert len(lines) == 3 and lines[-1] == "" and lines[1].startswith(f"A=PCM,F=44100,W={depth},M=stereo,T=gain")
    assert ("TPDF dither" in lines[1]) == (depth == 16)


def _check_ixml(found: Any, loudness: Any, depth: int) -> None:
    xml = found.raw_xml
    assert found.project == "Storm" and PROMPT in xml.findtext("NOTE") and xml.findtext("NOTE").startswith("SYNTHETIC")
    assert xml.findtext("SPEED/AUDIO_BIT_DEPTH") == str(depth) and len(list(found.track_list)) == 2
    assert float(xml.findtext("LOUDNESS/LOUDNESS_VALUE")) == round(loudness.integrated, 2)
    for path, text in {
        "CATID": "RAINGen", "CATEGORY": "RAIN", "SUBCATEGORY": "GENERAL", "CATEGORYFULL": "RAIN-GENERAL",
        "FXNAME": "Heavy Rain", "CREATORID": "ANN", "SOURCEID": "STORM", "USERDATA": "v2", "SYNTHETIC": "yes",
        "MODEL": "mini", "MODEL_HASH": "0123456789abcdef", "LICENCE": "Apache-2.0",
    }.items():  # fmt: skip
        assert xml.findtext(f"USER/{path}") == text
    assert xml.findtext("ASWG/catId") == "RAINGen" and xml.findtext("ASWG/fxName") == "Heavy Rain"


def _check_loop(found: Any, made: Any) -> None:
    last = SOUND.samples.shape[1] - 1
    if not made.loop:
        assert found.smpl is None and found.cues.cues == []
        return
    (loop,) = found.smpl.sample_loops
    assert (loop.start, loop.end, loop.loop_type, loop.repetition_count) == (0, last, 0, 0)
    assert found.cues.to_dict() == {1: {"frame": 0, "label": "loop start"}, 2: {"frame": last, "label": "loop end"}}


def test_every_chunk_of_a_wav_stands_once_and_at_an_even_place(made: Any) -> None:
    for form in WAVS:
        data, position, names = encode(delivered(form, made), tags(made)), 12, []
        assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
        while position < len(data):
            size = struct.unpack("<I", data[position + 4 : position + 8])[0]
            names.append(
                data[position : position + 4]
                + (data[position + 8 : position + 12] if data[position : position + 4] == b"LIST" else b"")
            )
            assert position % 2 == 0
            position += 8 + size + size % 2
        assert position == len(data) and len(names) == len(set(names))
        assert names.index(b"bext") < names.index(b"data") < names.index(b"sctm") and b"PEAK" not in names


# ---- ffprobe and soxi


@pytest.mark.parametrize("form", FORMATS)
def test_ffprobe_reads_it(form: str, made: Any, tmp_path: Path, ffprobe: Callable[[Path], dict[str, Any]]) -> None:
    path, _ = written(form, made, tmp_path)
    said = ffprobe(path)
    told = {name.lower(): text for name, text in said["tags"].items()}
    assert (int(said["stream"]["sample_rate"]), said["stream"]["channels"]) == (44100, 2)
    assert said["stream"]["codec_name"] == {
        "wav16": "pcm_s16le", "wav24": "pcm_s24le", "wav32f": "pcm_f32le", "flac": "flac", "ogg": "vorbis",
    }[form]  # fmt: skip
    assert told["title"] == "Heavy Rain" and told["date"] == "2026-01-02" and told["artist"] == "Ann Ämter"
    assert told["comment"] == tags(made).statement
    if form in WAVS:
        assert told["originator_reference"] and "A=PCM,F=44100" in told["coding_history"]
    else:
        assert told["catid"] == "RAINGen" and told["synthetic"] == "yes" and told["license"] == "Apache-2.0"
        assert told.get("looplength") == (str(SOUND.samples.shape[1]) if made.loop else None)


@pytest.mark.parametrize("form", FORMATS)
def test_soxi_reads_it(form: str, made: Any, tmp_path: Path, soxi: Callable[[Path], dict[str, str]]) -> None:
    path, _ = written(form, made, tmp_path)
    said = soxi(path)
    assert said["Channels"] == "2" and said["Sample Rate"] == "44100"
    assert f"{SOUND.samples.shape[1]} samples" in said["Duration"]


def test_float_samples_say_how_long_the_extension_of_their_format_is(made: Any, tmp_path: Path) -> None:
    path, _ = written("wav32f", made, tmp_path)
    assert path.read_bytes()[12:38] == struct.pack("<4sIHHIIHHH", b"fmt ", 18, 3, 2, 44100, 44100 * 8, 8, 32, 0)


# ---- our own reader


@pytest.mark.parametrize("form", FORMATS)
def test_our_reader_agrees(form: str, made: Any, tmp_path: Path) -> None:
    path, done = written(form, made, tmp_path)
    found = read_tags(path)
    if form not in WAVS:
        assert set(found) == {"comments"} and "SOUNDCTM_RECIPE" not in found["comments"]
        assert found["comments"]["LOUDNESS_VALUE"] == "-20.00"
        return
    assert found["bext"]["loudness"] == round(done.report.after.integrated, 2) and found["bext"]["version"] == 2
    assert found["ixml"]["USER"]["CATID"] == "RAINGen" and found["info"]["title"] == "Heavy Rain"
    last = SOUND.samples.shape[1] - 1
    assert found.get("loops") == ([{"start": 0, "end": last}] if made.loop else None)
    assert found.get("cues") == ([0, last] if made.loop else None)


def test_a_plain_file_says_nothing_and_a_damaged_chunk_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    bare = encoded(SOUND.samples.T, 44100)
    path.write_bytes(bare)
    assert read_tags(path) == {}
    odd = b"".join(name + struct.pack("<I", 4) + b"\xff" * 4 for name in (b"bext", b"iXML", b"LIST", b"smpl", b"cue "))
    path.write_bytes(bare[:4] + struct.pack("<I", len(bare) - 8 + len(odd)) + bare[8:] + odd)
    assert read_tags(path) == {"cues": []} or read_tags(path) == {}
    assert Clip.load(path).samples.shape == SOUND.samples.shape


def test_what_was_not_measured_is_marked_so() -> None:
    short = deliver(Clip(SOUND.samples[:, :8000], 44100, TAKE), Delivery())
    values = struct.unpack_from("<5h", bext(short, tags()), 412)
    assert values[1] == values[4] == 0x7FFF and -3000 < values[0] < 0
    silent = deliver(Clip(np.zeros((1, 44100), dtype=np.float32), 44100), Delivery())
    assert struct.unpack_from("<5h", bext(silent, Tags(title="x")), 412) == (0x7FFF,) * 5
