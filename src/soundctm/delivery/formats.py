"""Files: WAV of 16, 24 and 32 (float) bits, FLAC of 24 bits, Ogg Vorbis, as bytes that are a function of the sound, the
delivery and the tags."""

import io
from pathlib import Path

import numpy as np
import soundfile

from soundctm.audio import Clip
from soundctm.audio.io import STEP_16, from_pcm24, to_pcm24, write_atomically
from soundctm.delivery.chunks import chunks_before, chunks_behind
from soundctm.delivery.containers import LARGEST_RIFF, TOO_LONG, Subtype, encoded, wav_with
from soundctm.delivery.process import Delivered, Format
from soundctm.delivery.tags import Tags, comments
from soundctm.delivery.vorbis import flac_with, ogg_with
from soundctm.errors import UserError

SUFFIXES: dict[str, str] = {"wav16": ".wav", "wav24": ".wav", "wav32f": ".wav", "flac": ".flac", "ogg": ".ogg"}
BYTES = {"wav16": 2, "wav24": 3, "wav32f": 4}  # of a sample


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


def encode(delivered: Delivered, tags: Tags) -> bytes:
    """The whole file. Raises :class:`UserError` for a WAV beyond 4 GB."""
    form, clip = delivered.delivery.format, delivered.clip
    if clip.samples.size * BYTES.get(form, 0) > LARGEST_RIFF:
        raise UserError(TOO_LONG)
    if form == "flac":
        return flac_with(encoded(_pcm24(clip), clip.sample_rate, "FLAC", "PCM_24"), comments(delivered, tags))
    if form == "ogg":
        return ogg_with(delivered.stream, comments(delivered, tags), int(clip.digest[:8], 16))
    samples, subtype = _samples(clip, form)
    bare = encoded(samples, clip.sample_rate, "WAV", subtype)
    return wav_with(bare, chunks_before(delivered, tags), chunks_behind(delivered, tags))


def as_read(delivered: Delivered) -> Clip:
    """What a reader finds in the file."""
    samples, rate = soundfile.read(io.BytesIO(encode(delivered, Tags(title=""))), dtype="float32", always_2d=True)
    return Clip(np.ascontiguousarray(samples.T), int(rate), delivered.clip.recipe)


def _samples(clip: Clip, form: Format) -> tuple[np.ndarray, Subtype]:
    """What a WAV of a format holds ``[length, channels]``, and how libsndfile calls it."""
    if form == "wav16":
        return dithered_clip(clip).T, "PCM_16"
    return (_pcm24(clip), "PCM_24") if form == "wav24" else (clip.samples.T, "FLOAT")


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
