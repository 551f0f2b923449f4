"""Audio files: decoding through libsndfile, 24-bit WAV with the recipe in a chunk of its own, atomic writes."""

import io
import os
import secrets
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from soundctm.errors import UserError

RECIPE_CHUNK = b"sctm"  # readers skip chunks they do not know (RIFF, 1991)


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then rename it: whoever looks sees all of it or none of it.

    Raises :class:`UserError` when the folder cannot be written or the disk is full; nothing is left behind.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with beside.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"cannot write {path}: {reason}; free some space or choose another folder") from error
    finally:
        beside.unlink(missing_ok=True)


def wav_bytes(samples: np.ndarray, sample_rate: int, recipe_json: str | None) -> bytes:
    """A 24-bit WAV of ``samples [channels, length]`` in [-1, 1], with the recipe as a chunk at its end."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples.T, sample_rate, format="WAV", subtype="PCM_24")
    data = bytearray(buffer.getvalue())
    if recipe_json is not None:
        payload = recipe_json.encode()
        data += b"\0" * (len(data) % 2)
        data += RECIPE_CHUNK + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)
        data[4:8] = struct.pack("<I", len(data) - 8)
    return bytes(data)


def read_chunk(path: Path, wanted: bytes) -> bytes | None:
    """Payload of the first chunk of that name in a RIFF file; None when there is none or the file is no RIFF."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF" or file.read(8)[4:] != b"WAVE":
            return None
        while len(header := file.read(8)) == 8:
            name, size = header[:4], struct.unpack("<I", header[4:])[0]
            if name == wanted:
                return file.read(size)
            file.seek(size + size % 2, os.SEEK_CUR)
    return None


def read_audio(path: Path) -> tuple[np.ndarray, int]:
    """Samples float32 ``[channels, length]`` and rate of any file that libsndfile reads."""
    if not path.is_file():
        raise UserError(f"no such file: {path}; give an audio file")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise UserError(f"{path} is not a readable audio file ({error}); WAV, FLAC and OGG are accepted") from error
    return np.ascontiguousarray(samples.T), int(rate)
