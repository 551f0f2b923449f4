"""Files: WAV of 16, 24 and 32 (float) bits, FLAC of 24 bits, Ogg Vorbis, as bytes that are a function of the sound, the
delivery and the tags."""

import io
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from soundctm.audio import Clip
from soundctm.audio.io import STEP_16, from_pcm24, to_pcm24, write_atomically
from soundctm.delivery.chunks import chunks_before, chunks_behind
from soundctm.delivery.process import Delivered, Format
from soundctm.delivery.tags import Tags, comments
from soundctm.delivery.vorbis import flac_with, ogg_with
from soundctm.errors import UserError

SUFFIXES: dict[str, str] = {"wav16": ".wav", "wav24": ".wav", "wav32f": ".wav", "flac": ".flac", "ogg": ".ogg"}
OGG_COMPRESSION = 0.2  # libsndfile's 0 to 1: Vorbis quality 8 of 10
FRAMES_AT_ONCE = 65536  # libsndfile's Vorbis encoder overflows its stack when it is given much more
LARGEST_RIFF = 2**32 - 1
BYTES = {"wav16": 2, "wav24": 3, "wav32f": 4}  # of a sample
TOO_LONG = "the sound is too long for a WAV, which holds less than 4 GB; deliver it as flac"
SAMPLES_KEPT = {b"fmt ", b"fact", b"data"}  # libsndfile's chunk PEAK carries the time of writing


def dithered(samples: np.ndarray, seed: int) -> np.ndarray:
    """Float samples as integers of 16 bits, int16, with triangular noise of two steps in width added before they are
    rounded, so that the error neither follows the sound nor changes its power with it."""
    generator = np.random.default_rng(seed)
    noise = generator.random(samples.shape) - generator.random(samples.shape)
    return np.clip(np.rint(samples.astype(np.float64) / STEP_16 + noise), -(2**15), 2**15 - 1).astype(np.int16)


def dithered_clip(clip: Clip) -> np.ndarray:
    """The integers of 16 bits ``[channels, length]`` that a clip is written as, a function of its samples of 24 bits:
    they are what is rounded, and they seed the noise."""
    return dithered(from_pcm24(to_pcm24(clip.samples)), int(clip.digest, 16))


def clipped_samples(clip: Clip, form: Format) -> int:
    """How many samples lie beyond the full scale of a format of integers, and will be cut to it."""
    return 0 if form == "wav32f" else int(np.count_nonzero(np.abs(clip.samples) > 1.0))


def encode(delivered: Delivered, tags: Tags) -> bytes:
    """The whole file. Raises :class:`UserError` for a WAV beyond 4 GB."""
    form = delivered.delivery.format
    if delivered.clip.samples.size * BYTES.get(form, 0) > LARGEST_RIFF:
        raise UserError(TOO_LONG)
    if form == "flac":
        return flac_with(_encoded(_pcm24(delivered.clip), delivered.clip, "FLAC", "PCM_24"), comments(delivered, tags))
    if form == "ogg":
        coded = _encoded(delivered.clip.samples.clip(-1, 1).T, delivered.clip, "OGG", "VORBIS")
        return ogg_with(coded, comments(delivered, tags), int(delivered.clip.digest[:8], 16))
    samples, subtype = {
        "wav16": (lambda: dithered_clip(delivered.clip).T, "PCM_16"),
        "wav24": (lambda: _pcm24(delivered.clip), "PCM_24"),
        "wav32f": (lambda: delivered.clip.samples.T, "FLOAT"),
    }[form]
    bare = _encoded(samples(), delivered.clip, "WAV", subtype)
    return _wav(bare, chunks_before(delivered, tags), chunks_behind(delivered, tags))


def write(delivered: Delivered, tags: Tags, path: Path) -> Path:
    """Write a file, whole or not at all. Raises :class:`UserError` for a suffix that is not the format's."""
    suffix = SUFFIXES[delivered.delivery.format]
    if path.suffix.lower() != suffix:
        raise UserError(f"{delivered.delivery.format} is written as {suffix}, not {path.suffix or 'without a suffix'}")
    data = encode(delivered, tags)
    write_atomically(path, lambda file: file.write(data))
    return path


def _pcm24(clip: Clip) -> np.ndarray:
    return to_pcm24(clip.samples).T << 8


def _encoded(samples: np.ndarray, clip: Clip, kind: str, subtype: str) -> bytes:
    """Samples ``[length, channels]`` through libsndfile."""
    buffer = io.BytesIO()
    level = OGG_COMPRESSION if kind == "OGG" else None
    with soundfile.SoundFile(
        buffer, "w", clip.sample_rate, len(clip.samples), subtype, format=kind, compression_level=level
    ) as file:
        for start in range(0, len(samples), FRAMES_AT_ONCE):
            file.write(np.ascontiguousarray(samples[start : start + FRAMES_AT_ONCE]))
    return buffer.getvalue()


def _wav(bare: bytes, before: Sequence[tuple[bytes, bytes]], behind: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A WAV with further chunks before and behind its samples."""
    own, position = list[tuple[bytes, bytes]](), 12
    while position < len(bare):
        name, size = bare[position : position + 4], struct.unpack_from("<I", bare, position + 4)[0]
        own += [(name, bare[position + 8 : position + 8 + size])] if name in SAMPLES_KEPT else []
        position += 8 + size + size % 2
    ordered = [*own[:-1], *before, own[-1], *behind]  # libsndfile writes the samples last
    body = b"".join(n + struct.pack("<I", len(p)) + p + b"\0" * (len(p) % 2) for n, p in ordered)
    if len(body) + 4 > LARGEST_RIFF:
        raise UserError(TOO_LONG)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body
