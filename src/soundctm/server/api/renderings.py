"""Sounds as files of other formats and rates, with their recipes inside."""

import io
import struct
import threading
from collections import OrderedDict
from typing import Literal

import numpy as np
import soundfile

from soundctm.audio import Clip
from soundctm.audio.comments import RECIPE_COMMENT
from soundctm.audio.io import to_pcm24, wav_bytes
from soundctm.audio.resample import resample
from soundctm.delivery.vorbis import flac_with, ogg_with
from soundctm.errors import UserError
from soundctm.server.library import Library

Format = Literal["wav24", "wav32f", "flac", "ogg"]
Rate = Literal["original", "44100", "48000"]
SUFFIXES: dict[Format, str] = {"wav24": ".wav", "wav32f": ".wav", "flac": ".flac", "ogg": ".ogg"}
MEDIA_TYPES: dict[Format, str] = {
    "wav24": "audio/wav", "wav32f": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg",
}  # fmt: skip
_BLOCK = 2**14  # frames; the encoder of OGG fails on long stretches
_KEPT = 64 * 2**20  # bytes


class Renderings:
    """Keeps the last renderings: players ask for a file in pieces. Safe from several threads."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._kept: OrderedDict[tuple[str, Format, Rate], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, identifier: str, form: Format, rate: Rate) -> bytes:
        """The bytes of a file."""
        key = (identifier, form, rate)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        data = render(self._library.clip(identifier), form, rate)
        with self._lock:
            self._kept[key] = data
            while sum(map(len, self._kept.values())) > _KEPT:
                self._kept.popitem(last=False)
        return data


def render(clip: Clip, form: Format, rate: Rate = "original") -> bytes:
    """The bytes of a file with the sound, its recipe, and its loop points where the format has such."""
    if rate != "original":
        clip = Clip(resample(clip.samples, clip.sample_rate, int(rate)), int(rate), clip.recipe)
    if form == "wav24":
        return wav_bytes(clip.samples, clip.sample_rate, clip.chunks)
    if form == "wav32f":
        return _float_wav(clip)
    return _compressed(clip, form)


def _float_wav(clip: Clip) -> bytes:
    """A WAV of 32-bit floats: what is beyond full scale, as after a change of rate, is kept."""
    data = np.ascontiguousarray(clip.samples.T, dtype="<f4").tobytes()
    channels, rate = len(clip.samples), clip.sample_rate
    about = struct.pack("<HHIIHHH", 3, channels, rate, rate * channels * 4, channels * 4, 32, 0)  # 3: IEEE floats
    count = struct.pack("<I", clip.samples.shape[1])
    parts = {b"fmt ": about, b"fact": count, b"data": data, **clip.chunks}
    body = b"".join(
        name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2) for name, payload in parts.items()
    )
    if len(body) + 4 >= 2**32:
        raise UserError("the sound is too long for a WAV of floats; choose wav24 or flac")
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def _compressed(clip: Clip, form: Format) -> bytes:
    """FLAC and OGG have no chunks of one's own, but comments."""
    kind, subtype = ("FLAC", "PCM_24") if form == "flac" else ("OGG", "VORBIS")
    samples = to_pcm24(clip.samples) << 8 if form == "flac" else np.clip(clip.samples, -1, 1)
    buffer = io.BytesIO()
    try:
        with soundfile.SoundFile(buffer, "w", clip.sample_rate, len(samples), subtype=subtype, format=kind) as file:
            for start in range(0, samples.shape[1], _BLOCK):
                file.write(np.ascontiguousarray(samples[:, start : start + _BLOCK].T))
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise UserError(
            f"{len(samples)} channels at {clip.sample_rate} Hz cannot be written as {form}; choose wav24"
        ) from error
    comments = {} if clip.recipe is None else {RECIPE_COMMENT: clip.recipe.model_dump_json()}
    if form == "flac":
        return flac_with(buffer.getvalue(), comments)
    return ogg_with(buffer.getvalue(), comments, int(clip.digest[:8], 16))
