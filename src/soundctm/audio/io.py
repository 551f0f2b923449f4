"""Audio files: decoding through libsndfile, 24-bit WAV with the recipe in a chunk of its own, atomic writes."""

import io
import os
import secrets
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from soundctm.errors import UserError

RECIPE_CHUNK = b"sctm"  # readers skip chunks they do not know (RIFF, 1991)
LOOP_CHUNK = b"smpl"
LIST_CHUNK = b"LIST"
PCM24 = 2**23  # full scale
STEP_16 = 2.0**-15  # of samples of 16 bits, full scale 1
RIFF_BYTES = 2**32 - 2**20  # of samples: a RIFF file counts in 32 bits, and other chunks need some room
PIECE = 2**20  # samples
RATES = (3000, 768_000)  # Hz; those that browsers play


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then rename it: whoever looks sees all of it or none of it.

    Raises :class:`UserError` when the folder cannot be written or the disk is full; nothing is left behind.
    """
    with written_beside(path, write) as beside:
        os.replace(beside, path)


@contextmanager
def written_beside(path: Path, write: Callable[[BinaryIO], object]) -> Iterator[Path]:
    """A whole file beside ``path`` that waits to be given its name, and is gone afterwards where it was not.

    Raises :class:`UserError` for whatever the system refuses, also while it waits.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with beside.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        yield beside
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


def list_chunk(kind: bytes, fields: Mapping[bytes, bytes]) -> bytes:
    """The payload of a LIST chunk, each of its chunks at an even place."""
    parts = [name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2) for name, body in fields.items()]
    return kind + b"".join(parts)


def info_chunk(texts: Mapping[bytes, str]) -> bytes:
    """The payload of LIST INFO in UTF-8: what file managers and players show; empty texts are left out."""
    return list_chunk(b"INFO", {name: text.encode() + b"\0" for name, text in texts.items() if text})


def wav_bytes(samples: np.ndarray, sample_rate: int, chunks: Mapping[bytes, bytes]) -> bytes:
    """A 24-bit WAV of ``samples [channels, length]`` in [-1, 1], with further RIFF chunks at its end. Raises
    :class:`UserError` for what is too long for a WAV."""
    if 3 * samples.size > RIFF_BYTES:
        raise UserError(
            f"the sound lasts {samples.shape[-1] / sample_rate:,.0f} s, too long for a WAV; cut it in pieces"
        )
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", sample_rate, len(samples), "PCM_24", format="WAV") as file:
        for piece in pieces(samples):
            file.write(to_pcm24(piece).T << 8)
    length = buffer.seek(0, os.SEEK_END)
    for name, payload in chunks.items():
        buffer.write(b"\0" * (length % 2) + name + struct.pack("<I", len(payload)) + payload)
        length = buffer.tell()
    buffer.write(b"\0" * (length % 2))
    length = buffer.tell()
    buffer.seek(4)
    buffer.write(struct.pack("<I", length - 8))
    return buffer.getvalue()


def pieces(samples: np.ndarray) -> Iterator[np.ndarray]:
    """Samples ``[..., length]`` in pieces, for whom a copy of all of them would take too much memory."""
    for start in range(0, samples.shape[-1], PIECE):
        yield samples[..., start : start + PIECE]


def read_chunks(path: Path, wanted: frozenset[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Names and payloads of the chunks of these names in a RIFF file, in order; none when the file is no RIFF."""
    with path.open("rb") as file:
        for name, size in _chunks(file):
            if name in wanted:
                yield name, file.read(size)


def chunk_names(path: Path) -> list[bytes]:
    """The names of all chunks of a RIFF file, in order; none when the file is no RIFF."""
    with path.open("rb") as file:
        return [name for name, _ in _chunks(file)]


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Names and sizes of chunks; the file stands at the payload of each."""
    if file.read(4) != b"RIFF" or file.read(8)[4:] != b"WAVE":
        return
    while len(header := file.read(8)) == 8:
        name, size = header[:4], struct.unpack("<I", header[4:])[0]
        end = file.tell() + size + size % 2
        yield name, size
        file.seek(end)


def read_chunk(path: Path, wanted: bytes) -> bytes | None:
    """Payload of the first chunk of that name in a RIFF file; None when there is none or the file is no RIFF."""
    return next((payload for _, payload in read_chunks(path, frozenset({wanted}))), None)


def read_audio(path: Path) -> tuple[np.ndarray, int]:
    """Samples float32 ``[channels, length]`` and rate of any file that libsndfile reads. Raises :class:`UserError` for
    what it cannot read, and for a rate out of ``RATES``."""
    if not path.is_file():
        what = "this is a folder" if path.is_dir() else "no such file"
        raise UserError(f"{what}: {path}; give an audio file")
    try:
        with path.open("rb") as file:  # libsndfile takes no names that are not UTF-8
            samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}; check its permissions and the disk") from error
    except (RuntimeError, TypeError) as error:  # TypeError: .raw, which has no header that says what it is
        reason = error.error_string if isinstance(error, soundfile.LibsndfileError) else error
        raise UserError(f"{path} is not a readable audio file ({reason}); WAV, FLAC and OGG are accepted") from error
    check_rate(rate, str(path))
    return np.ascontiguousarray(samples.T), int(rate)


def check_rate(rate: int, name: str) -> None:
    """Raise :class:`UserError` for a rate in Hz that no file has, of a sound of this name."""
    if not RATES[0] <= rate <= RATES[1]:
        raise UserError(
            f"{name} has a sample rate of {rate:,} Hz; accepted are {RATES[0]:,} to {RATES[1]:,} Hz: bring it to "
            "another rate first"
        )


def audio_facts(path: Path) -> tuple[int, str]:
    """Rate in Hz of a readable file, and libsndfile's name of how its samples are stored."""
    with path.open("rb") as file:
        about = soundfile.info(file)
    return int(about.samplerate), str(about.subtype)
