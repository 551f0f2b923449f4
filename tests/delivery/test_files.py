"""What is written is read back by other people's programs, and is the same bytes every time."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from wavinfo import WavInfoReader

from soundctm import Clip, UserError
from soundctm.audio import read_recipe
from soundctm.audio.comments import parse_comments, read_comments
from soundctm.audio.io import STEP_16, to_pcm24
from soundctm.delivery import Delivered, Delivery, deliver
from soundctm.delivery.chunks import bext, ixml, plain
from soundctm.delivery.formats import SUFFIXES, clipped_samples, dithered, encode, write
from soundctm.delivery.names import UcsName
from soundctm.delivery.process import FORMATS
from soundctm.delivery.provenance import NOT_STATED, Origin, licence_in
from soundctm.delivery.reading import read_tags, word_length
from soundctm.delivery.tags import Tags
from soundctm.delivery.ucs import Category
from soundctm.delivery.vorbis import comment_block, flac_with, ogg_with
from tests.oracles.recordings import recording
from tests.oracles.sounds import encoded
from tests.oracles.takes import recipe

PROMPT = 'rain "on" a <tin> roof & Überdach, 雨'
TAKE = recipe(prompt=PROMPT, sample_rate=44100)
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STORED = {"wav16": "PCM_16", "wav24": "PCM_24", "wav32f": "FLOAT", "flac": "PCM_24", "ogg": "VORBIS"}
WAVS = ("wav16", "wav24", "wav32f")
SOUND = recording(seconds=3.2, rate=44100, channels=2)


def tags(made: Any = TAKE) -> Tags:
    return Tags(
        title="Heavy Rain", when=WHEN, creator="Ann Ämter", project="Storm", copyright="2026 Ann",
        origin=Origin(made, "Apache-2.0"), name=UcsName.of("RAINGen", "Heavy Rain", "ANN", "STORM", "v2"),
        category=Category("RAINGen", "RAIN", "GENERAL"), keywords=("roof",),
    )  # fmt: skip


@cache  # measuring takes longer than all the rest
def delivered(form: str, made: Any = TAKE, **more: Any) -> Delivered:
    clip = Clip(SOUND.samples, SOUND.sample_rate, made)
    return deliver(clip, Delivery.of({"format": form, **more}))


@pytest.fixture(params=[False, True], ids=["one shot", "loop"])
def made(request: pytest.FixtureRequest) -> Any:
    return TAKE.model_copy(update={"loop": request.param})


def written(form: str, made: Any, folder: Path, **more: Any) -> tuple[Path, Delivered]:
    done = delivered(form, made, level="loudness", loudness=-20.0, **more)
    return write(done, tags(made), folder / f"sound{SUFFIXES[form]}"), done


# ---- samples


@pytest.mark.parametrize("form", FORMATS)
def test_the_samples_are_those_of_the_clip(form: str, made: Any, tmp_path: Path) -> None:
    path, done = written(form, made, tmp_path)
    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    assert (samples.T.shape, rate) == (done.clip.samples.shape, 44100) and word_length(path) == STORED[form]
    apart = np.abs(samples.T - done.clip.samples).max()
    assert apart <= {"wav16": 1.51 * STEP_16, "wav24": 2.0**-23, "wav32f": 0, "flac": 2.0**-23, "ogg": 0.05}[form]


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_call_gives_the_same_bytes(form: str, made: Any) -> None:
    first, again = encode(delivered(form, made), tags(made)), encode(delivered(form, made), tags(made))
    assert first == again
    assert first != encode(delivered(form, made, ceiling=-20), tags(made))


@pytest.mark.parametrize("form", FORMATS)
def test_the_recipe_is_in_every_file(form: str, made: Any, tmp_path: Path) -> None:
    path, _ = written(form, made, tmp_path)
    assert read_recipe(path) == made and Clip.load(path).recipe == made


def test_files_of_others_carry_none(tmp_path: Path) -> None:
    for kind, subtype in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)):
        path = tmp_path / f"{kind}-{subtype}"
        soundfile.write(path, SOUND.samples.T, 48000, format=kind, subtype=subtype)
        assert Clip.load(path).recipe is None


def test_a_recipe_that_cannot_be_read_is_named_and_damage_is_none(tmp_path: Path) -> None:
    for kind, write_comments in (("flac", flac_with), ("ogg", lambda data, told: ogg_with(data, told, 1))):
        bare = encoded(SOUND.samples.T, 44100, kind.upper(), "PCM_16" if kind == "flac" else "VORBIS")
        path = tmp_path / f"odd.{kind}"
        path.write_bytes(write_comments(bare, {"SOUNDCTM_RECIPE": "{}"}))
        with pytest.raises(UserError, match="cannot be read"):
            Clip.load(path)
        whole = path.read_bytes()
        for cut in (0, 3, 4, 20, 45, whole.index(b"RECIPE"), whole.index(b"{}") + 1):
            path.write_bytes(whole[:cut])
            assert read_comments(path) == {}


def test_a_suffix_that_is_not_the_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.flac"):
        write(delivered("flac"), tags(), tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []


def test_what_goes_beyond_full_scale_is_counted() -> None:
    clip = Clip(np.asarray([[0.5, 1.0, 1.01, -1.2]], dtype=np.float32), 8000)
    assert clipped_samples(clip, "wav24") == 2 and clipped_samples(clip, "wav32f") == 0


# ---- dither


def test_dither_keeps_the_mean_below_a_step_and_its_error_has_one_power() -> None:
    count = 40000
    for level in (0.0, 0.25, 0.5, 0.9):
        values = dithered(np.full((1, count), level * STEP_16), 3).astype(float)
        assert values.mean() == pytest.approx(level, abs=0.02)
        assert np.var(values - level) == pytest.approx(0.25, abs=0.02)  # 1/6 of the noise and 1/12 of the rounding


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=5, deadline=None)
def test_dither_is_a_function_of_its_seed(seed: int) -> None:
    samples = SOUND.samples[:, :500]
    assert np.array_equal(dithered(samples, seed), dithered(samples, seed))
    assert not np.array_equal(dithered(samples, seed), dithered(samples, seed ^ 1))


def test_full_scale_does_not_turn_over() -> None:
    assert dithered(np.asarray([[1.0, -1.0, 2.0, -2.0]]), 0).tolist()[0][2:] == [2**15 - 1, -(2**15)]


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
        "Heavy Rain | SYNTHETIC sound, made by soundctm 0.1.0 with model mini 0123456789abcdef"
    )
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


# ---- texts


@given(st.text(max_size=300))
def test_plain_text_is_ascii_of_the_same_meaning(text: str) -> None:
    assert plain(text).isascii()
    assert plain("Überdach, café") == "Uberdach, cafe"


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,12}", fullmatch=True), st.text(max_size=400), max_size=8))
@settings(max_examples=25, deadline=None)
def test_comments_come_back_from_a_block_and_from_files(comments: dict[str, str]) -> None:
    assert parse_comments(comment_block(comments)) == comments


@pytest.mark.parametrize("size", [0, 1, 254, 255, 256, 60000, 70000, 140000])
def test_comments_of_any_size_leave_the_sound_as_it_was(size: int, tmp_path: Path) -> None:
    for kind, subtype, mark in (("FLAC", "PCM_24", flac_with), ("OGG", "VORBIS", lambda d, c: ogg_with(d, c, 77))):
        bare = encoded(SOUND.samples.T, 44100, kind, subtype)
        path, plain_path = tmp_path / f"a.{kind.lower()}", tmp_path / f"b.{kind.lower()}"
        path.write_bytes(mark(bare, {"TEXT": "x" * size}))
        plain_path.write_bytes(bare)
        assert np.array_equal(soundfile.read(path)[0], soundfile.read(plain_path)[0])
        assert read_comments(path) == {"TEXT": "x" * size}


@given(st.text(st.characters(), max_size=60))
@settings(max_examples=25, deadline=None)
def test_any_text_can_be_written_and_read_as_xml(text: str) -> None:
    done = delivered("wav24")
    told = Tags(title=text, creator=text, project=text, copyright=text, origin=Origin(recipe(prompt=text or "x")))
    root = ElementTree.fromstring(ixml(done, told))
    assert (root.findtext("USER/FULLTITLE") or "") == told.title and len(told.title) == len(text)
    assert len(encode(done, told)) > len(SOUND.samples[0])
    assert b"FULLTITLE" in encode(done, told) or not told.title


# ---- origin


def test_the_origin_is_told_in_one_sentence() -> None:
    said = Origin(TAKE, "CC BY 4.0").statement
    for part in (
        "SYNTHETIC",
        "soundctm 0.1.0",
        "mini 0123456789abcdef",
        "CC BY 4.0",
        "seed 7, take 3, steps 16",
        PROMPT,
    ):
        assert part in said
    assert "/home" not in Origin(recipe(model="/home/ann/models/rain")).statement
    assert Origin(recipe(model="/home/ann/models/rain")).model == "rain 0123456789abcdef"
    assert Origin(recipe(model="user/rain")).model_name == "user/rain"
    assert Tags(title="x").statement == "origin unknown: no recipe came with this sound"


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("# A\n\nLicence of the weights: Apache-2.0, with attribution.\n", "Apache-2.0, with attribution"),
        ("---\nlicense: cc-by-4.0\n---\n# B\n", "cc-by-4.0"),
        ('license: "mit"', "mit"),
        ("# C\nThe licence is a long story.", NOT_STATED),
        ("", NOT_STATED),
    ],
)
def test_a_card_states_its_licence(card: str, licence: str) -> None:
    assert licence_in(card) == licence


def test_the_digest_of_a_delivered_clip_names_it() -> None:
    done = delivered("wav24")
    assert np.array_equal(to_pcm24(done.clip.samples), to_pcm24(SOUND.samples)) and done.clip.digest == SOUND.digest
