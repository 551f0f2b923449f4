"""Files, peaks and pictures of sounds."""

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
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
from soundctm.server.api.kept import Kept
from soundctm.server.api.ranges import parse_range, sized_response
from soundctm.server.api.renderings import render
from soundctm.server.library.files import LABEL_CHUNK
from tests.server.api.conftest import Starter
from tests.server.api.running import PATIENCE, QUICK, Running, loaded, refused, tone, until
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


def test_what_is_saved_has_its_present_name_and_no_notes_of_the_library(server: Running) -> None:
    clip = with_recipe(tone())
    address = f"/v1/clips/{server.add(clip, kind='take')}"
    saved = server.client.get(f"{address}/audio?download=1")
    assert saved.content == render(clip, "wav24") and LABEL_CHUNK not in saved.content
    heard = server.client.get(f"{address}/audio")
    assert LABEL_CHUNK in heard.content and heard.headers["etag"] != saved.headers["etag"]
    assert saved.headers["cache-control"] == "no-store" and "immutable" in heard.headers["cache-control"]


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
    identifier = server.add(tone(frequency=99.0))
    server.library.get(identifier).path.unlink()
    refused(server.client.get(f"/v1/clips/{identifier}/audio"), 503)
    refused(server.client.get(f"/v1/clips/{identifier}/peaks"), 404)
    assert server.healthy()


def test_a_sound_that_is_purged_while_it_is_sent_arrives_whole(tmp_path: Path) -> None:
    """And one that is gone before is refused before anything is sent."""
    path = tmp_path / "sound.wav"
    data = bytes(range(256)) * 10
    path.write_bytes(data)
    request = Request({"type": "http", "method": "GET", "headers": [(b"range", b"bytes=5-")]})
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


@dataclass
class Reads:
    """Counts who reads sounds of a library, and at one time; each waits until it may ``go``."""

    read: Callable[[str], Clip]
    go: threading.Event
    ids: list[str] = field(default_factory=list)
    now: int = 0
    most: int = 0

    def clip(self, identifier: str) -> Clip:
        self.ids.append(identifier)
        self.now += 1
        self.most = max(self.most, self.now)
        assert self.go.wait(PATIENCE)
        self.now -= 1
        return self.read(identifier)


def drawings(identifier: str) -> list[str]:
    return [f"/v1/clips/{identifier}/peaks", f"/v1/clips/{identifier}/spectrogram.png"]


def test_only_so_many_sounds_are_drawn_at_a_time(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(replace(QUICK, drawn=1))
    ids = [server.add(tone(frequency=100.0 + i)) for i in range(3)]
    reads = Reads(server.library.clip, threading.Event())
    monkeypatch.setattr(server.library, "clip", reads.clip)
    asked = [path for identifier in ids for path in drawings(identifier)]
    with ThreadPoolExecutor(len(asked)) as pool:
        answers = [pool.submit(server.client.get, path) for path in asked]
        until(lambda: server.drawers.statistics().tasks_waiting == len(asked) - 1)
        reads.go.set()
        assert [answer.result().status_code for answer in answers] == [200] * len(asked)
    assert reads.most == 1 and sorted(reads.ids) == sorted(ids * 2)


def test_what_was_drawn_is_kept_and_waits_for_nobody(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(replace(QUICK, drawn=1))
    known, other = server.add(tone()), server.add(tone(frequency=99.0))
    first = [server.client.get(path).content for path in drawings(known)]
    reads = Reads(server.library.clip, threading.Event())
    monkeypatch.setattr(server.library, "clip", reads.clip)
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(server.client.get, f"/v1/clips/{other}/peaks")
        until(lambda: reads.now == 1)
        assert [server.client.get(path).content for path in drawings(known)] == first
        reads.go.set()
        assert busy.result().json()["peaks"] != server.client.get(drawings(known)[0]).json()["peaks"]
    assert reads.ids == [other]
    assert len(server.client.get(drawings(known)[0], params={"points": 7}).json()["peaks"]) == 7


def test_the_last_bytes_are_kept_and_no_more_than_so_many() -> None:
    kept, made = Kept(10), []

    def make(size: int) -> bytes:
        made.append(size)
        return bytes(size)

    for size in (4, 5, 4, 3, 5, 4, 11, 11, 3):  # 4 is asked for after 5, so that 3 puts 5 out
        assert kept.get(size, lambda size=size: make(size)) == bytes(size)
    assert made == [4, 5, 3, 5, 4, 11, 11, 3] and kept.find(5) is None and kept.find(3) == bytes(3)


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=2-9"}])
@pytest.mark.parametrize("path", ["audio", "audio?format=ogg", "spectrogram.png"])
def test_heads_of_files_are_those_of_the_files(server: Running, path: str, headers: dict[str, str]) -> None:
    address = f"/v1/clips/{server.add()}/{path}"
    head, whole = (server.client.request(method, address, headers=headers) for method in ("HEAD", "GET"))
    dated = {"date"}
    assert (head.status_code, head.content) == (whole.status_code, b"") and len(whole.content) > 0
    assert {k: v for k, v in head.headers.items() if k not in dated} == {
        k: v for k, v in whole.headers.items() if k not in dated
    }
    assert int(head.headers["content-length"]) == len(whole.content)
