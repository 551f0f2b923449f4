"""Many sounds as one zip."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.server.api.running import Running, loaded, refused, tone
from tests.server.library.makers import NOBODY, sound


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_zip_holds_the_selection(server: Running, tmp_path: Path) -> None:
    clips = [sound(i, prompt=f"rain {i}") for i in range(3)]
    ids = [server.add(clip, kind="take") for clip in clips]
    answer = server.client.post("/v1/export", json={"ids": ids})
    assert answer.headers["content-type"] == "application/zip"
    files = unpacked(answer.content)
    assert list(files) == ["rain 0.wav", "rain 1.wav", "rain 2.wav"]
    for clip, data in zip(clips, files.values(), strict=True):
        back = loaded(data, tmp_path)
        assert back.recipe == clip.recipe and np.array_equal(back.samples, clip.samples)


@pytest.mark.parametrize(("form", "suffix"), [("wav32f", ".wav"), ("flac", ".flac"), ("ogg", ".ogg")])
def test_formats_and_rates(server: Running, tmp_path: Path, form: str, suffix: str) -> None:
    identifier = server.add(tone(), name="bell")
    answer = server.client.post("/v1/export", json={"ids": [identifier], "format": form, "rate": "48000"})
    ((name, data),) = unpacked(answer.content).items()
    assert name == f"bell{suffix}" and loaded(data, tmp_path, name).sample_rate == 48000


def test_names_that_collide_are_numbered_and_ids_count_once(server: Running) -> None:
    ids = [server.add(tone(frequency=100 * (i + 1)), name=name) for i, name in enumerate(["Rain", "rain", "rain?"])]
    answer = server.client.post("/v1/export", json={"ids": [*ids, ids[0]]})
    assert list(unpacked(answer.content)) == ["Rain.wav", "rain (2).wav", "rain (3).wav"]


def test_what_cannot_be_exported_is_said_before(server: Running) -> None:
    refused(server.client.post("/v1/export", json={"ids": []}), 400)
    refused(server.client.post("/v1/export", json={"ids": [server.add(), NOBODY]}), 404)
    assert refused(server.client.post("/v1/export", json={"ids": [NOBODY], "format": "mp3"}), 400)["field"] == "format"


def test_a_zip_that_breaks_off_is_no_zip(server: Running) -> None:
    import httpx

    ids = [server.add(tone(2)), server.add(tone(2, frequency=100))]
    server.library.get(ids[1]).path.write_bytes(b"no sound")
    received = bytearray()
    with (
        pytest.raises(httpx.RemoteProtocolError),
        server.client.stream("POST", "/v1/export", json={"ids": ids}) as answer,
    ):
        for piece in answer.iter_bytes():
            received += piece
    assert not zipfile.is_zipfile(io.BytesIO(bytes(received)))
    assert server.healthy()


def test_what_cannot_be_written_among_others_is_said_before_the_zip_begins(server: Running) -> None:
    ids = [server.add(tone()), server.add(tone(channels=9))]
    error = refused(server.client.post("/v1/export", json={"ids": ids, "format": "flac"}), 400)
    assert "9 channels" in error["message"] and ids[1] in error["message"]
    assert len(unpacked(server.client.post("/v1/export", json={"ids": ids, "format": "wav32f"}).content)) == 2


def test_a_sound_whose_file_is_gone_is_said_before_the_zip_begins(server: Running) -> None:
    ids = [server.add(), server.add()]
    server.library.get(ids[1]).path.unlink()
    assert ids[1] in refused(server.client.post("/v1/export", json={"ids": ids}), 503)["message"]
