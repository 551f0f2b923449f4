"""Audio files: decoding through libsndfile, 24-bit WAV with the recipe in a chunk of its own, atomic writes."""

import io
import os
import secrets
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from soundctm.errors import UserError

RECIPE_CHUNK = b"sctm"  # readers skip chunks they do not know (RIFF, 1991)
LOOP_CHUNK = b"smpl"
PCM24 = 2**23  # full scale
STEP_16 = 2.0**-15  # of samples of 16 bits, full scale 1


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


def to_pcm24(samples: np.ndarray) -> np.ndarray:
    """Float samples in [-1, 1] as integers of 24 bits, int32 of the same shape. What is read from a 24-bit file gives
    the file's integers back."""
    return np.clip(np.rint(samples.astype(np.float64) * PCM24), -PCM24, PCM24 - 1).astype(np.int32)


def from_pcm24(integers: np.ndarray) -> np.ndarray:
    """The float32 samples that a reader makes of integers of 24 bits."""
    return (integers / PCM24).astype(np.float32)


def loop_chunk(length: int, sample_rate: int) -> bytes:
    """The payload of a ``smpl`` chunk with one forward loop over all ``length`` samples, played without end."""
    middle_c, loops, identifier, forward, fraction, endless = 60, 1, 0, 0, 0, 0
    head = (0, 0, round(1e9 / sample_rate), middle_c, 0, 0, 0, loops, 0)
    return struct.pack("<15I", *head, identifier, forward, 0, length - 1, fraction, endless)


def wav_bytes(samples: np.ndarray, sample_rate: int, chunks: Mapping[bytes, bytes]) -> bytes:
    """A 24-bit WAV of ``samples [channels, length]`` in [-1, 1], with further RIFF chunks at its end."""
    buffer = io.BytesIO()
    soundfile.write(buffer, to_pcm24(samples).T << 8, sample_rate, format="WAV", subtype="PCM_24")
    data = bytearray(buffer.getvalue())
    for name, payload in chunks.items():
        data += b"\0" * (len(data) % 2)
        data += name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)
    data[4:8] = struct.pack("<I", len(data) - 8)
    return bytes(data)


def read_chunks(path: Path, wanted: frozenset[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Names and payloads of the chunks of these names in a RIFF file, in order; none when the file is no RIFF."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF" or file.read(8)[4:] != b"WAVE":
            return
        while len(header := file.read(8)) == 8:
            name, size = header[:4], struct.unpack("<I", header[4:])[0]
            if name not in wanted:
                file.seek(size + size % 2, os.SEEK_CUR)
                continue
            yield name, file.read(size)
            file.seek(size % 2, os.SEEK_CUR)


def read_chunk(path: Path, wanted: bytes) -> bytes | None:
    """Payload of the first chunk of that name in a RIFF file; None when there is none or the file is no RIFF."""
    return next((payload for _, payload in read_chunks(path, frozenset({wanted}))), None)


def read_audio(path: Path) -> tuple[np.ndarray, int]:
    """Samples float32 ``[channels, length]`` and rate of any file that libsndfile reads."""
    if not path.is_file():
        raise UserError(f"no such file: {path}; give an audio file")
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise UserError(f"{path} is not a readable audio file ({error}); WAV, FLAC and OGG are accepted") from error
    return np.ascontiguousarray(samples.T), int(rate)
