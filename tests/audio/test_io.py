"""Integers of 24 bits, digests, and loop points as other programs read them."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from soundctm.audio import Clip, Recipe
from soundctm.audio.edit import Fill, Loop, Source
from soundctm.audio.io import from_pcm24, loop_chunk, read_chunk, to_pcm24, wav_bytes
from tests.oracles.recordings import recording

INTEGERS = st.integers(-(2**23), 2**23 - 1)
SOURCE = Source(name="a.wav", digest="0" * 16)
RECIPE = Recipe(
    prompt="rain", seed=7, take=2, steps=16, seconds=1.0, omega=3.0, nu=1.0, gamma=0.0, model="mini",
    model_hash="0" * 16, sample_rate=8000, version="0",
)  # fmt: skip


def chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks of a RIFF file, read by the letter of its definition."""
    assert (data[:4], data[8:12]) == (b"RIFF", b"WAVE") and struct.unpack("<I", data[4:8])[0] == len(data) - 8
    found, position = {}, 12
    while position < len(data):
        name, (size,) = data[position : position + 4], struct.unpack("<I", data[position + 4 : position + 8])
        assert name not in found
        found[name] = data[position + 8 : position + 8 + size]
        position += 8 + size + size % 2
    assert position == len(data)
    return found


# ---- 24 bits


@given(st.lists(INTEGERS, min_size=1, max_size=20))
def test_integers_come_back(integers: list[int]) -> None:
    samples = from_pcm24(np.asarray([integers], dtype=np.int32))
    assert samples.dtype == np.float32 and np.abs(samples).max() <= 1
    assert to_pcm24(samples).tolist() == [integers]


@given(st.floats(-1, 1, width=32))
def test_a_sample_moves_by_half_a_step_at_most_and_once(value: float) -> None:
    samples = np.asarray([[value]], dtype=np.float32)
    once = from_pcm24(to_pcm24(samples))
    assert abs(float(once[0, 0]) - value) <= 2.0**-24 or value > 1 - 2.0**-23
    assert np.array_equal(from_pcm24(to_pcm24(once)), once)


def test_what_is_too_loud_is_clipped() -> None:
    samples = np.asarray([[1.0, 7.0, -1.0, -7.0, np.inf, -np.inf]], dtype=np.float32)
    top, bottom = 2**23 - 1, -(2**23)
    assert to_pcm24(samples).tolist() == [[top, top, bottom, bottom, top, bottom]]


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_file_holds_these_integers(channels: int) -> None:
    integers = np.random.default_rng(0).integers(-(2**23), 2**23, (channels, 101)).astype(np.int32)
    data = chunks(wav_bytes(from_pcm24(integers), 8000, {}))[b"data"]
    raw = np.frombuffer(data, dtype=np.uint8).reshape(101, channels, 3).astype(np.int32)
    values = raw[..., 0] | raw[..., 1] << 8 | raw[..., 2] << 16
    assert np.array_equal((values - ((values & 0x800000) << 1)).T, integers)


# ---- digests


def test_a_digest_survives_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    clip = Clip(rng.uniform(-1.2, 1.2, (2, 999)).astype(np.float32), 8000, RECIPE)
    again = Clip.load(clip.save(tmp_path / "a.wav"))
    assert again.digest == clip.digest and len(clip.digest) == 16 and int(clip.digest, 16) >= 0
    assert Clip.load(again.save(tmp_path / "b.wav")).digest == clip.digest


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_digest_is_that_of_the_samples_in_any_file(tmp_path: Path, subtype: str) -> None:
    samples = (np.rint(recording().samples * 2**15) / 2**15).astype(np.float32)
    for name in ("a.wav", "a.flac"):
        soundfile.write(tmp_path / name, samples.T, 8000, subtype=subtype)
        assert Clip.load(tmp_path / name).digest == Clip(samples, 8000).digest


def test_digests_tell_sounds_apart() -> None:
    clip = recording(channels=2)
    nudged, swapped = clip.samples.copy(), clip.samples[::-1].copy()
    nudged[0, 500] += 2.0**-23
    others = [
        Clip(clip.samples, 8001), Clip(nudged, 8000), Clip(swapped, 8000), Clip(clip.samples[:, :-1], 8000),
        Clip(clip.samples.reshape(1, -1), 8000), Clip(clip.samples[:1], 8000),
    ]  # fmt: skip
    digests = {other.digest for other in others}
    assert len(digests) == len(others) and clip.digest not in digests


def test_a_digest_is_of_samples_and_not_of_how_they_lie_or_what_made_them() -> None:
    clip = recording(channels=2)
    strided = np.asfortranarray(clip.samples)
    assert Clip(strided, 8000, RECIPE).digest == clip.digest


# ---- loops


def parsed(payload: bytes) -> tuple[dict[str, int], list[dict[str, int]]]:
    """The fields of a ``smpl`` chunk (Microsoft, Multimedia Data Standards Update, 1994)."""
    file = io.BytesIO(payload)
    word = lambda: struct.unpack("<I", file.read(4))[0]
    names = (
        "manufacturer", "product", "period", "note", "fraction", "smpte_format", "smpte_offset", "loops", "extra",
    )  # fmt: skip
    head = {name: word() for name in names}
    loops = [
        {name: word() for name in ("id", "type", "start", "end", "fraction", "count")} for _ in range(head["loops"])
    ]
    assert len(file.read()) == head["extra"]
    return head, loops


@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize("length", [1, 801, 8064])
def test_the_loop_goes_round_all_samples_without_end(rate: int, length: int) -> None:
    head, loops = parsed(loop_chunk(length, rate))
    assert loops == [{"id": 0, "type": 0, "start": 0, "end": length - 1, "fraction": 0, "count": 0}]  # end is played
    assert abs(head["period"] - 1e9 / rate) <= 0.5 and head["note"] == 60


@pytest.mark.parametrize("length", [800, 801])
def test_what_loops_carries_its_points(tmp_path: Path, length: int) -> None:
    samples = recording().samples[:, :length]
    edited = RECIPE.model_copy(update={"edit": Loop(source=SOURCE, seam=0.1)})
    for recipe in (RECIPE.model_copy(update={"loop": True}), edited):
        clip = Clip(samples, 8000, recipe)
        assert clip.loops
        path = clip.save(tmp_path / "a.wav")
        found = chunks(path.read_bytes())
        assert parsed(found[b"smpl"])[1][0]["end"] == length - 1 and set(found) >= {b"fmt ", b"data", b"sctm"}
        assert read_chunk(path, b"smpl") == found[b"smpl"]
        again = Clip.load(path)
        assert again.recipe == recipe and np.array_equal(again.samples, samples)


@pytest.mark.parametrize(
    "recipe", [None, RECIPE, RECIPE.model_copy(update={"edit": Fill(source=SOURCE, start=0.1, end=0.2)})]
)
def test_what_does_not_loop_has_none(tmp_path: Path, recipe: Recipe | None) -> None:
    clip = Clip(recording().samples, 8000, recipe)
    assert not clip.loops
    assert b"smpl" not in chunks(clip.save(tmp_path / "a.wav").read_bytes())
