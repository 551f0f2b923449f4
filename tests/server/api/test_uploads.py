"""Sounds from elsewhere: brought in whole, or refused without harm."""

import io
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundctm import Clip
from soundctm.server.api import decoding
from soundctm.server.api.decoding import decode
from soundctm.server.api.errors import Refusal
from soundctm.server.api.settings import UploadLimits
from soundctm.server.api.uploads import name_of
from tests.server.api.conftest import Starter
from tests.server.api.running import QUICK, Running, as_file, refused, tone
from tests.server.library.makers import RECIPE, sound

LIMITS = UploadLimits()


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "aiff", "mp3"])
def test_any_sound_file_comes_in(server: Running, tmp_path: Path, suffix: str) -> None:
    clip = tone(0.5, 16000, channels=2)
    answer = server.upload(as_file(clip, tmp_path, f"a.{suffix}"), f"Bell.{suffix}")
    assert answer.status_code == 201
    found = answer.json()
    assert answer.headers["location"] == f"/v1/clips/{found['id']}"
    assert (found["kind"], found["name"], found["channels"], found["sample_rate"]) == ("upload", "Bell", 2, 16000)
    assert abs(found["seconds"] - 0.5) < 0.1 and found["recipe"] is None
    if suffix in ("wav", "flac", "aiff"):
        assert np.allclose(server.library.clip(found["id"]).samples, clip.samples, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.wav", "passwd"), ("C:\\Windows\\con.wav", "con"), ("a\rb\x00c.wav", "a b c"),
        ("", "untitled"), ("....wav", "untitled"), ("..", "untitled"), ("/", "untitled"), ("\u202eevil.wav", "evil"),
        ("x" * 500 + ".wav", "x" * 119 + "…"),
    ],
)  # fmt: skip
def test_names_of_files_are_no_paths(name: str, kept: str) -> None:
    assert name_of(name) == kept


def test_a_name_that_is_a_path_stays_in_the_library(server: Running, tmp_path: Path) -> None:
    around = sorted(server.library.folder.parent.rglob("*escaped*"))
    found = server.upload(as_file(tone(0.01), tmp_path), "../../../escaped.wav").json()
    assert found["name"] == "escaped" and found["id"] in server.library.get(found["id"]).path.name
    assert sorted(server.library.folder.parent.rglob("*escaped*")) == around == []


def test_an_exported_file_brings_its_recipe_back(server: Running, tmp_path: Path) -> None:
    clip = sound(3, prompt="heavy rain", steps=4)
    found = server.upload(clip.save(tmp_path / "take.wav").read_bytes(), "take.wav").json()
    assert clip.recipe is not None and found["recipe"] == clip.recipe.model_dump(mode="json")
    assert found["note"] is None
    assert found["prompt"] == "heavy rain" and found["steps"] == 4 and found["kind"] == "upload"


def test_a_take_that_was_dropped_back_can_be_refined(server: Running) -> None:
    (take,) = server.make(prompt="rain", takes=1, seed=5)["clips"]
    exported = server.client.get(f"/v1/clips/{take}/audio", params={"format": "ogg"}).content
    back = server.upload(exported).json()["id"]
    ours, theirs = (server.make("/v1/refine", clip=each, steps=2)["clips"][0] for each in (take, back))
    assert server.library.get(ours).digest == server.library.get(theirs).digest


def broken(recipe: bytes) -> bytes:
    """A WAV with a recipe chunk of these bytes."""
    data = bytearray()
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(100), 8000, format="WAV")
    data += buffer.getvalue() + b"sctm" + struct.pack("<I", len(recipe)) + recipe + b"\0" * (len(recipe) % 2)
    data[4:8] = struct.pack("<I", len(data) - 8)
    return bytes(data)


DEEP = b'{"prompt":' + b"[" * 100_000
BAD = {
    "empty": (b"", 415),
    "text": (b"I am no sound at all" * 100, 415),
    "a cut header": (b"RIFF\x00\x00\x00\x00WAVEfmt ", 415),
    "a header that lies about its size": (b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff" + b"\0" * 100, 415),
    "a long recipe": (broken(b" " * 3_000_000), 413),
    "a flac that stops": (b"fLaC" + b"\x00" * 40, 415),
    "an ogg that stops": (b"OggS" + b"\xff" * 4000, 415),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 1000, 415),
}


@pytest.mark.parametrize("what", BAD)
def test_corrupt_files_are_refused(server: Running, what: str) -> None:
    data, status = BAD[what]
    refused(server.upload(data), status)
    assert server.healthy()


STRANGE = {
    "none of JSON": (b"{", "recipe"),
    "of a newer version": (RECIPE.model_dump_json()[:-1].encode() + b', "mood": "calm"}', "mood"),
    "of an older version": (b'{"prompt": "x"}', "seed"),
    "of a key with signs": (b'{"a\x7f\xc2\x85b": 1}', "recipe"),
    "deep": (DEEP, "recipe"),
    "no text": (b"\xff\xfe\x00", "recipe"),
    "of numbers beyond": (RECIPE.model_copy(update={"steps": 2**31}).model_dump_json().encode(), "out of range"),
}


@pytest.mark.parametrize("what", STRANGE)
def test_a_sound_whose_recipe_cannot_be_read_comes_in_without_it(server: Running, what: str) -> None:
    recipe, said = STRANGE[what]
    answer = server.upload(broken(recipe), "Bell.wav")
    assert answer.status_code == 201
    found = answer.json()
    assert "without its recipe" in found["note"] and said in found["note"] and found["note"].isprintable()
    assert found["recipe"] is None and (found["name"], found["prompt"]) == ("Bell", "")
    assert server.library.clip(found["id"]).recipe is None
    assert "note" not in server.client.get(f"/v1/clips/{found['id']}").json()


@pytest.mark.parametrize(("rate", "status"), [(1000, 415), (2999, 415), (3000, 201), (768_000, 201)])
def test_rates_that_no_browser_plays_are_refused(server: Running, tmp_path: Path, rate: int, status: int) -> None:
    answer = server.upload(as_file(tone(0.1, rate), tmp_path))
    assert answer.status_code == status
    if status != 201:
        assert f"{rate:,} Hz" in refused(answer, status)["message"] and "3,000 to 768,000 Hz" in answer.text


def test_samples_that_are_no_numbers_are_refused(server: Running, tmp_path: Path) -> None:
    clip = tone()
    clip.samples[0, 5] = np.nan
    refused(server.upload(as_file(clip, tmp_path, subtype="FLOAT")), 400)


def test_a_file_without_samples_is_refused(server: Running, tmp_path: Path) -> None:
    refused(server.upload(as_file(Clip(np.zeros((1, 0), np.float32), 8000), tmp_path)), 400)


def test_a_cut_sound_keeps_what_is_there_or_is_refused(server: Running, tmp_path: Path) -> None:
    data = as_file(tone(2.0), tmp_path, "a.flac")
    assert server.upload(data[: len(data) // 2]).status_code in (201, 415)


def bomb(path: Path, hours: float) -> Path:
    """Hours of silence in a few bytes."""
    with soundfile.SoundFile(path, "w", 48000, 2, format="FLAC", subtype="PCM_16") as file:
        silence = np.zeros((48000 * 60, 2), np.int16)
        for _ in range(round(hours * 60)):
            file.write(silence)
    return path


def test_hours_of_silence_are_refused(server: Running, tmp_path: Path) -> None:
    data = bomb(tmp_path / "bomb.flac", 0.25).read_bytes()
    assert len(data) < 1_000_000
    error = refused(server.upload(data), 413)
    assert "lasts longer" in error["message"] and error["field"] == "file"


def test_hours_of_silence_that_say_they_are_short_are_refused(tmp_path: Path) -> None:
    data = bytearray(bomb(tmp_path / "bomb.flac", 0.05).read_bytes())
    data[21] &= 0xF0  # the number of samples in the header: 36 bits, 0 for unknown
    data[22:26] = bytes(4)
    with pytest.raises(Refusal) as refusal:
        decode(io.BytesIO(bytes(data)), replace(LIMITS, values=1_000_000), tmp_path)
    assert refusal.value.status_code in (413, 415)


def test_the_decoder_has_limits_of_time_and_memory(tmp_path: Path) -> None:
    data = bomb(tmp_path / "bomb.flac", 0.05).read_bytes()
    for limits, said in [
        (replace(LIMITS, seconds=0.05), "too long"),
        (replace(LIMITS, memory=2**25), "decode"),
        (replace(LIMITS, values=1000), "lasts longer"),
    ]:
        with pytest.raises(Refusal, match=said) as refusal:
            decode(io.BytesIO(data), limits, tmp_path)
        assert refusal.value.status_code in (413, 415)


def on_another_system(monkeypatch: pytest.MonkeyPatch, folder: Path, *lines: str) -> None:
    """Let the decoder run where these lines were run before it."""
    program = folder / "elsewhere.py"
    run = f"runpy.run_path({str(decoding.DECODER)!r}, run_name='__main__')"
    program.write_text("\n".join(("import resource, runpy, sys", *lines, run)))
    monkeypatch.setattr(decoding, "DECODER", program)


def test_a_disk_that_fills_while_a_sound_is_decoded_is_not_the_sounds_fault(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = as_file(tone(2.0), tmp_path)
    on_another_system(monkeypatch, tmp_path, "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))")
    assert "disk is full" in refused(server.upload(data), 507)["message"]
    assert list(server.library.desk.glob("upload-*")) == []


def test_what_a_decoder_says_when_it_dies_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    on_another_system(monkeypatch, tmp_path, "sys.exit('no such luck')")
    with pytest.raises(Refusal, match="the decoder failed"):
        decode(io.BytesIO(as_file(tone(), tmp_path)), LIMITS, tmp_path)
    assert "no such luck" in caplog.text


def test_a_system_without_a_limit_of_memory_is_noted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refuse = "def refuse(kind, limits, really=resource.setrlimit):"
    rest = "    if kind == resource.RLIMIT_AS: raise ValueError('not here')\n    really(kind, limits)"
    on_another_system(monkeypatch, tmp_path, refuse, rest, "resource.setrlimit = refuse")
    for _ in range(2):
        assert decode(io.BytesIO(as_file(tone(), tmp_path)), LIMITS, tmp_path).clip.duration == tone().duration
    assert caplog.text.count("decoded without RLIMIT_AS,") == 1


def test_nothing_stays_behind(tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    desk.mkdir()
    decode(io.BytesIO(as_file(tone(), tmp_path)), LIMITS, desk)
    decode(io.BytesIO(broken(b"{")), LIMITS, desk)
    with pytest.raises(Refusal):
        decode(io.BytesIO(b"nothing"), LIMITS, desk)
    assert list(desk.iterdir()) == []


def test_half_a_gigabyte_fills_neither_memory_nor_disk(server: Running) -> None:
    import resource

    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    piece = bytes(2**20)

    def body() -> Iterator[bytes]:
        yield head
        yield from (piece for _ in range(500))

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    size = str(len(head) + 500 * len(piece))
    refused(server.client.post("/v1/clips", content=body(), headers={**headers, "Content-Length": size}), 413)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # kB; only the client's pieces
    assert server.healthy()


def test_a_body_in_pieces_is_counted(start: Starter, tmp_path: Path) -> None:
    small: Running = start(replace(QUICK, uploads=replace(LIMITS, size=100_000)))

    def body() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        yield from (bytes(2**16) for _ in range(50))

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    refused(small.client.post("/v1/clips", content=body(), headers=headers), 413)
    assert small.upload(as_file(tone(), tmp_path)).status_code == 201


def test_a_form_without_a_sound_is_refused(server: Running) -> None:
    assert refused(server.client.post("/v1/clips", files={"other": b"x"}), 400)["field"] == "file"
    assert refused(server.client.post("/v1/clips", files={"file": (None, b"text")}), 400)["field"] == "file"
    refused(server.client.post("/v1/clips", files=[("file", b"x"), ("file", b"y")]), 400)
    refused(server.client.post("/v1/clips", content=b"x", headers={"Content-Type": "audio/wav"}), 415)
    for boundary in ("", "; boundary=", "; boundary=b"):
        headers = {"Content-Type": f"multipart/form-data{boundary}"}
        refused(server.client.post("/v1/clips", content=b"nonsense", headers=headers), 400)
    assert server.healthy()


def test_an_upload_that_dawdles_is_ended(start: Starter) -> None:
    slow: Running = start(replace(QUICK, uploads=replace(LIMITS, patience=0.2)))
    began = time.monotonic()
    answered: list[int] = []

    def body() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        while not answered and time.monotonic() - began < 5:
            answered.append(slow.client.get("/health").status_code) if time.monotonic() - began > 0.5 else None
        yield b"the rest"

    answer = slow.client.post("/v1/clips", content=body(), headers={"Content-Type": "multipart/form-data; boundary=b"})
    refused(answer, 408)


def test_what_goes_beyond_full_scale_is_turned_down_as_a_whole(server: Running, tmp_path: Path) -> None:
    samples = tone(0.5, 16000, channels=2).samples
    samples *= 4 / np.abs(samples).max()
    soundfile.write(tmp_path / "hot.wav", samples.T, 16000, subtype="FLOAT")
    found = server.upload((tmp_path / "hot.wav").read_bytes(), "hot.wav").json()
    assert found["note"] == "the sound goes beyond full scale and was turned down by 12.0 dB"
    assert np.allclose(server.library.clip(found["id"]).samples, samples / 4, atol=1e-6)
