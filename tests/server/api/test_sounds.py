"""Files, peaks and pictures of sounds."""

import io
from pathlib import Path
from urllib.parse import unquote

import anyio
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from starlette.requests import Request
from starlette.responses import StreamingResponse

from soundctm import Clip
from soundctm.audio import read_recipe
from soundctm.audio.io import LOOP_CHUNK, read_chunk
from soundctm.server.api.errors import Refusal
from soundctm.server.api.ranges import parse_range, sized_response
from soundctm.server.api.renderings import render
from tests.server.api.running import Running, loaded, refused, tone
from tests.server.library.makers import sound

FORMATS = {"wav24": "WAV PCM_24", "wav32f": "WAV FLOAT", "flac": "FLAC PCM_24", "ogg": "OGG VORBIS"}


def with_recipe(clip: Clip, **recipe: object) -> Clip:
    return Clip(clip.samples, clip.sample_rate, sound(0, prompt="heavy rain", **recipe).recipe)


@pytest.mark.parametrize(
    ("form", "rate"),
    [*((form, "original") for form in FORMATS), ("wav24", "44100"), ("ogg", "48000")],
)
def test_every_format_and_rate_keeps_sound_and_recipe(server: Running, tmp_path: Path, form: str, rate: str) -> None:
    identifier = server.add(with_recipe(tone(0.5, channels=2)), kind="take")
    answer = server.client.get(f"/v1/clips/{identifier}/audio", params={"format": form, "rate": rate})
    assert answer.status_code == 200
    about = soundfile.info(io.BytesIO(answer.content))
    wanted = 8000 if rate == "original" else int(rate)
    assert f"{about.format} {about.subtype}" == FORMATS[form]
    assert (about.samplerate, about.channels, about.duration) == (wanted, 2, 0.5)
    samples, _ = soundfile.read(io.BytesIO(answer.content), dtype="float32")
    heard = np.abs(np.fft.rfft(samples[:, 0]))
    assert np.isclose(np.argmax(heard) / 0.5, 440.0, atol=2.0)
    (tmp_path / "file").write_bytes(answer.content)
    assert read_recipe(tmp_path / "file") == server.library.get(identifier).recipe
    back = server.upload(answer.content, "dropped.bin").json()
    assert back["recipe"]["prompt"] == "heavy rain" and back["kind"] == "upload" and back["name"] == "dropped"


@pytest.mark.parametrize("form", ["wav24", "wav32f", "flac"])
def test_formats_without_loss_keep_every_sample(server: Running, tmp_path: Path, form: str) -> None:
    clip = tone(0.1)
    answer = server.client.get(f"/v1/clips/{server.add(clip)}/audio", params={"format": form})
    assert np.array_equal(loaded(answer.content, tmp_path).samples, clip.samples)


@pytest.mark.parametrize("form", ["wav24", "wav32f"])
def test_loop_points_come_along(tmp_path: Path, form: str) -> None:
    (tmp_path / "loop.wav").write_bytes(render(with_recipe(tone(), loop=True), form, "44100"))  # type: ignore[arg-type]
    chunk = read_chunk(tmp_path / "loop.wav", LOOP_CHUNK)
    assert chunk is not None and int.from_bytes(chunk[48:52], "little") == round(0.25 * 44100) - 1


def test_floats_keep_what_is_beyond_full_scale(tmp_path: Path) -> None:
    loud = Clip(tone().samples * 4, 8000)
    assert np.array_equal(loaded(render(loud, "wav32f"), tmp_path).samples, loud.samples)
    for form in ("wav24", "flac", "ogg"):
        clipped = loaded(render(loud, form), tmp_path).samples  # type: ignore[arg-type]
        assert 0.9 < np.abs(clipped).max() < 1.2


def test_a_minute_of_ogg_is_written_whole(tmp_path: Path) -> None:
    assert loaded(render(tone(60, channels=2), "ogg"), tmp_path, "long.ogg").duration == 60


def test_names_of_files_are_safe(server: Running) -> None:
    identifier = server.add(name='rain "on" tin: déjà-vu')
    said = server.client.get(f"/v1/clips/{identifier}/audio").headers["content-disposition"]
    assert said.startswith("inline; filename*=UTF-8''") and unquote(said).endswith("rain -on- tin- déjà-vu.wav")
    saved = server.client.get(f"/v1/clips/{identifier}/audio", params={"download": 1, "format": "flac"})
    assert saved.headers["content-disposition"].startswith("attachment;")
    assert saved.headers["content-disposition"].endswith(".flac")


@pytest.mark.parametrize("form", ["wav24", "flac"])
def test_ranges_are_parts_of_the_whole(server: Running, form: str) -> None:
    address = f"/v1/clips/{server.add()}/audio?format={form}"
    whole = server.client.get(address)
    size = len(whole.content)
    for wanted, part in [
        ("bytes=0-9", slice(0, 10)), ("bytes=10-", slice(10, None)), ("bytes=-7", slice(-7, None)),
        ("bytes=5-999999999", slice(5, None)), ("bytes=-999999999", slice(0, None)),
    ]:  # fmt: skip
        answer = server.client.get(address, headers={"Range": wanted})
        assert answer.status_code == 206 and answer.content == whole.content[part]
        start, stop, _ = part.indices(size)
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
    assert whole.headers["accept-ranges"] == "bytes"
    other = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert server.client.get(address, headers=other).content == whole.content
    assert server.client.get(address, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    outside = server.client.get(address, headers={"Range": f"bytes={size}-"})
    assert refused(outside, 416)["field"] == "range" and outside.headers["content-range"] == f"bytes */{size}"


@given(st.text(alphabet="bytes=0123456789-, x", max_size=30), st.integers(0, 1000))
def test_any_range_is_refused_or_lies_inside(text: str, size: int) -> None:
    try:
        found = parse_range(text, size)
    except Refusal as refusal:
        assert refusal.status_code in (400, 416)
    else:
        assert found is None or 0 <= found[0] < found[1] <= size


def test_a_lost_file_is_a_fault_of_the_library(server: Running) -> None:
    identifier = server.add()
    server.library.get(identifier).path.unlink()
    refused(server.client.get(f"/v1/clips/{identifier}/audio"), 503)
    refused(server.client.get(f"/v1/clips/{identifier}/peaks"), 404)
    assert server.healthy()


def test_a_sound_that_is_purged_while_it_is_sent_arrives_whole(tmp_path: Path) -> None:
    """And one that is gone before is refused before anything is sent."""
    path = tmp_path / "sound.wav"
    data = bytes(range(256)) * 10
    path.write_bytes(data)
    request = Request({"type": "http", "headers": [(b"range", b"bytes=5-")]})
    answer = sized_response(request, path, "audio/wav", {"ETag": '"x"'})
    path.unlink()
    assert isinstance(answer, StreamingResponse) and answer.status_code == 206

    async def body() -> bytes:
        return b"".join([bytes(piece) async for piece in answer.body_iterator])  # type: ignore[arg-type]

    assert anyio.run(body) == data[5:]
    with pytest.raises(FileNotFoundError):
        sized_response(request, path, "audio/wav", {"ETag": '"x"'})


def test_what_a_format_cannot_hold_is_said(server: Running) -> None:
    identifier = server.add(tone(0.05, channels=12))
    error = refused(server.client.get(f"/v1/clips/{identifier}/audio", params={"format": "flac"}), 400)
    assert "12 channels" in error["message"]
    refused(server.client.post("/v1/export", json={"ids": [identifier], "format": "flac"}), 400)


def test_peaks_bound_every_stretch(server: Running) -> None:
    clip = tone(0.5)
    found = server.client.get(f"/v1/clips/{server.add(clip)}/peaks", params={"points": 100}).json()
    assert found["seconds"] == 0.5 and len(found["peaks"]) == 100
    for (low, high), part in zip(found["peaks"], clip.samples[0].reshape(100, -1), strict=True):
        assert np.allclose((low, high), (part.min(), part.max()), atol=1e-4)


def test_a_picture_by_http(server: Running) -> None:
    answer = server.client.get(f"/v1/clips/{server.add()}/spectrogram.png", params={"width": 64, "height": 32})
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (64, 32)
