"""Files that end early, and those that only say so."""

import struct
from pathlib import Path

import numpy as np
import pytest

from soundctm import Clip
from soundctm.audio.truncation import file_ends_early


def saved(path: Path) -> bytes:
    return Clip(np.zeros((1, 4410), np.float32), 44100).save(path).read_bytes()


def test_a_file_lacks_its_end_or_does_not(tmp_path: Path) -> None:
    data = saved(tmp_path / "a.wav")
    assert not file_ends_early(tmp_path / "a.wav")
    for length, early in ((len(data) // 2, True), (44, True), (len(data) - 1, True), (0, False)):
        (tmp_path / "b.wav").write_bytes(data[:length])
        assert file_ends_early(tmp_path / "b.wav") is early, length


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFF024, 0x7FFFFFFF, 0x80000000, 0xFFFFFFDB, 0xFFFFFFFF])
def test_what_was_streamed_announces_no_length(tmp_path: Path, size: int) -> None:
    """sox and ffmpeg write such headers into pipes."""
    data = bytearray(saved(tmp_path / "a.wav"))
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", size)
    (tmp_path / "b.wav").write_bytes(data)
    assert not file_ends_early(tmp_path / "b.wav")
