"""Sounds as files of other formats and rates, with their recipes inside."""

from typing import Literal

from soundctm.audio import Clip
from soundctm.audio.io import to_pcm24, wav_bytes
from soundctm.audio.resample import resample
from soundctm.delivery.containers import encoded, wav_with
from soundctm.delivery.vorbis import flac_with, ogg_with
from soundctm.server.api.kept import Kept
from soundctm.server.library import Library
from soundctm.server.origin import comments, told

Format = Literal["wav24", "wav32f", "flac", "ogg"]
Rate = Literal["original", "44100", "48000"]
SUFFIXES: dict[Format, str] = {"wav24": ".wav", "wav32f": ".wav", "flac": ".flac", "ogg": ".ogg"}
MEDIA_TYPES: dict[Format, str] = {
    "wav24": "audio/wav", "wav32f": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg",
}  # fmt: skip
_KEPT = 64 * 2**20  # bytes


class Renderings:
    """Keeps the last renderings: players ask for a file in pieces. Safe from several threads."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._kept = Kept(_KEPT)

    def get(self, identifier: str, form: Format, rate: Rate) -> bytes:
        """The bytes of a file."""
        return self._kept.get((identifier, form, rate), lambda: render(self._library.clip(identifier), form, rate))


def render(clip: Clip, form: Format, rate: Rate = "original") -> bytes:
    """The bytes of a file with the sound, where it comes from, its recipe, and its loop points."""
    if rate != "original":
        clip = Clip(resample(clip.samples, clip.sample_rate, int(rate)), int(rate), clip.recipe)
    if form == "wav24":
        return wav_bytes(clip.samples, clip.sample_rate, told(clip))
    if form == "wav32f":
        return _float_wav(clip)
    return _compressed(clip, form)


def _float_wav(clip: Clip) -> bytes:
    """A WAV of 32-bit floats: what is beyond full scale, as after a change of rate, is kept."""
    return wav_with(encoded(clip.samples.T, clip.sample_rate, "WAV", "FLOAT"), behind=told(clip).items())


def _compressed(clip: Clip, form: Literal["flac", "ogg"]) -> bytes:
    """FLAC and OGG have no chunks of one's own, but comments."""
    said = comments(clip)
    if form == "flac":
        return flac_with(encoded(to_pcm24(clip.samples).T << 8, clip.sample_rate, "FLAC", "PCM_24"), said)
    coded = encoded(clip.samples.clip(-1, 1).T, clip.sample_rate, "OGG", "VORBIS")
    return ogg_with(coded, said, int(clip.digest[:8], 16))
