"""Samples as whole files in memory, through libsndfile, as bytes that are a function of the samples alone."""

import io
import struct
from collections.abc import Iterable
from typing import Literal

import numpy as np
import soundfile

from soundctm.errors import UserError

Container = Literal["WAV", "FLAC", "OGG"]
Subtype = Literal["PCM_16", "PCM_24", "FLOAT", "VORBIS"]
OGG_COMPRESSION = 0.2  # libsndfile's 0 to 1: Vorbis quality 8 of 10
FRAMES_AT_ONCE = 65536  # libsndfile's Vorbis encoder overflows its stack when it is given much more
LARGEST_RIFF = 2**32 - 1
TOO_LONG = "the sound is too long for a WAV, which holds less than 4 GB; write it as flac"
PCM, BARE = 1, 16  # format tag; bytes of a ``fmt `` that does not say how long its extension is
NO_EXTENSION = struct.pack("<H", 0)
SAMPLES_KEPT = {b"fmt ", b"fact", b"data"}  # libsndfile's chunk PEAK carries the time of writing


def encoded(samples: np.ndarray, sample_rate: int, container: Container, subtype: Subtype) -> bytes:
    """Samples ``[length, channels]``; integers of 24 bits are the upper ones of int32.

    Raises :class:`UserError` for channels or a rate that a container cannot hold.
    """
    buffer, channels = io.BytesIO(), samples.shape[1]
    level = OGG_COMPRESSION if container == "OGG" else None
    try:
        with soundfile.SoundFile(
            buffer, "w", sample_rate, channels, subtype, format=container, compression_level=level
        ) as file:
            for start in range(0, len(samples), FRAMES_AT_ONCE):
                file.write(np.ascontiguousarray(samples[start : start + FRAMES_AT_ONCE]))
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise UserError(
            f"{channels} channels at {sample_rate} Hz cannot be written as {container.lower()}; write them as wav"
        ) from error
    return buffer.getvalue()


def wav_with(
    bare: bytes, before: Iterable[tuple[bytes, bytes]] = (), behind: Iterable[tuple[bytes, bytes]] = ()
) -> bytes:
    """A WAV with further chunks before and behind its samples. Raises :class:`UserError` for one beyond 4 GB.

    What is not PCM says in ``fmt `` how long the extension of its format is, which libsndfile leaves out of float
    samples, and some readers miss.
    """
    own, position = list[tuple[bytes, bytes]](), 12
    while position < len(bare):
        name, size = bare[position : position + 4], struct.unpack_from("<I", bare, position + 4)[0]
        payload = bare[position + 8 : position + 8 + size]
        if name == b"fmt " and size == BARE and struct.unpack_from("<H", payload)[0] != PCM:
            payload += NO_EXTENSION
        own += [(name, payload)] if name in SAMPLES_KEPT else []
        position += 8 + size + size % 2
    ordered = [*own[:-1], *before, own[-1], *behind]  # libsndfile writes the samples last
    body = b"".join(n + struct.pack("<I", len(p)) + p + b"\0" * (len(p) % 2) for n, p in ordered)
    if len(body) + 4 > LARGEST_RIFF:
        raise UserError(TOO_LONG)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body
