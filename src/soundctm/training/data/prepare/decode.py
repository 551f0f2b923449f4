"""From the bytes of a sound to a clip of fixed shape, or to the reason why there is none. Runs in worker processes."""

import hashlib
import io
import math
from dataclasses import dataclass

import numpy as np
import soundfile

from soundctm.audio.resample import resample
from soundctm.audio.truncation import ends_early
from soundctm.training.data.prepare.items import LARGEST_FILE, Code, Fault, Sound
from soundctm.training.data.prepare.settings import Settings

BLOCK = 2**17  # values decoded at a time
TAIL = 0.1  # seconds read behind the cut, so that the resampler's filter does not feel it
RATES = (1000, 1_000_000)
UNKNOWN_LENGTH = 2**62  # libsndfile's frame count of streams that do not tell
ESTIMATED_LENGTH = frozenset({"MP3", "MPEG"})  # formats whose frame count is an estimate
FULL_SCALE = 32768  # 16-bit files at the wanted rate are kept bit for bit; +1.0 itself becomes 32767
FLOOR_DB = -200.0


@dataclass(frozen=True)
class Clip:
    """``samples`` int16 ``[channels, length]`` and what the file was.

    ``seconds`` before cutting; rate in Hz, channels and sample format of the file; ``level_db`` RMS and ``peak_db`` of
    the clip in dBFS; ``changes`` made on the way; ``digest`` of the samples.
    """

    samples: np.ndarray
    seconds: float
    rate: int
    channels: int
    subtype: str
    level_db: float
    peak_db: float
    changes: tuple[str, ...]
    digest: str


class _Bytes(io.BytesIO):
    """Bytes in which a decoder of a damaged file may seek to before the start: it then stands at the start."""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file, but for the above."""
        try:
            return super().seek(offset, whence)
        except ValueError:
            return super().seek(0)


class _LeftOut(Exception):
    """Carries a fault up to :func:`decode`."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = Fault(code, sentence)


def decibels(amplitude: float) -> float:
    """``20 log10``, -200 at zero."""
    return 20 * math.log10(amplitude) if amplitude > 10 ** (FLOOR_DB / 20) else FLOOR_DB


def decode(sound: Sound, settings: Settings) -> Clip | Fault:
    """The clip of a sound. Whatever is wrong with the file comes back as a fault."""
    try:
        data = _read(sound)
        kept, file, seconds = _decode_whole(data, settings)
        return make_clip(kept, file, seconds, settings)
    except _LeftOut as left:
        return left.fault


def _read(sound: Sound) -> bytes:
    try:
        length = sound.length()
        if length > LARGEST_FILE:
            raise _LeftOut("too_large", f"{length / 2**20:.0f} MB in one file; cut it into files below 512 MB")
        data = sound.read()
    except FileNotFoundError as error:
        raise _LeftOut("missing_file", "there is no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file system takes
        reason = error.strerror if isinstance(error, OSError) else "its name is no file name"
        raise _LeftOut("unreadable_file", f"the file cannot be read: {reason}") from error
    if not data:
        raise _LeftOut("zero_length", "the file is empty")
    if sound.size is not None and len(data) < sound.size:
        raise _LeftOut("truncated", f"{len(data)} of {sound.size} bytes are there")
    return data


@dataclass(frozen=True)
class _File:
    rate: int
    channels: int
    subtype: str


def _decode_whole(data: bytes, settings: Settings) -> tuple[np.ndarray, _File, float]:
    """The first seconds, float32 ``[channels, frames]`` in the wanted number of channels. All of the file is decoded,
    block by block, so that damage anywhere is found."""
    try:
        with soundfile.SoundFile(_Bytes(data)) as file:
            facts = _File(int(file.samplerate), int(file.channels), str(file.subtype))
            if ends_early(data):
                raise _LeftOut("truncated", "the file ends before its header says; copy it again")
            _check_header(facts, file.frames, settings)
            kept, frames = _read_blocks(file, facts, settings)
            exact = file.format not in ESTIMATED_LENGTH and file.frames < UNKNOWN_LENGTH
            if exact and frames < file.frames:
                raise _LeftOut("truncated", f"{frames} of {file.frames} samples can be decoded; copy it again")
    except soundfile.LibsndfileError as error:
        raise _LeftOut("not_audio", f"no decoder reads it: {_message(error)}") from error
    except (TypeError, ValueError) as error:  # raised by soundfile for headers that make no sense
        raise _LeftOut("not_audio", f"no decoder reads it: {error}") from error
    return kept, facts, frames / facts.rate


def _message(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).removeprefix("Error : ").strip().rstrip(".")


def _check_header(facts: _File, frames: int, settings: Settings) -> None:
    if frames == 0:
        raise _LeftOut("zero_length", "the file holds no samples")
    if not RATES[0] <= facts.rate <= RATES[1]:
        raise _LeftOut("unusable_rate", f"its sample rate is {facts.rate} Hz; 1 kHz to 1 MHz is accepted")
    if settings.channels == "stereo" and facts.channels > 2:
        sentence = f"{facts.channels} channels do not fold to stereo; fold it first, or prepare with --channels mono"
        raise _LeftOut("too_many_channels", sentence)


def _read_blocks(file: soundfile.SoundFile, facts: _File, settings: Settings) -> tuple[np.ndarray, int]:
    """What is kept, and the number of frames in the whole file."""
    wanted = math.ceil((settings.seconds + TAIL) * facts.rate)
    kept: list[np.ndarray] = []
    frames = 0
    while True:
        try:
            block = file.read(max(1, BLOCK // facts.channels), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            sentence = f"decoding fails ({_message(error)}): the file is cut short or damaged"
            raise _LeftOut("damaged", sentence) from error
        if not len(block):
            break
        if not np.isfinite(block).all():
            raise _LeftOut("not_finite", "it holds samples that are not a number or infinite")
        if frames < wanted:
            kept.append(_fold(block[: wanted - frames].T, settings.channel_count))
        frames += len(block)
    if not frames:
        raise _LeftOut("truncated" if file.frames else "zero_length", "no sample can be decoded")
    return np.concatenate(kept, axis=1), frames


def _fold(x: np.ndarray, channels: int) -> np.ndarray:
    """``[any, frames]`` as ``[channels, frames]``: the mean for mono, a copy on both sides for stereo."""
    if len(x) == channels:
        return x
    return x.mean(axis=0, keepdims=True) if channels == 1 else np.repeat(x, channels, axis=0)


def make_clip(x: np.ndarray, file: _File, seconds: float, settings: Settings) -> Clip | Fault:
    """Resample, cut or pad, check the level, round to int16."""
    changes = _changes(file, seconds, settings)
    out = resample(np.ascontiguousarray(x), file.rate, settings.sample_rate)[:, : settings.length]
    peak = float(np.abs(out).max(initial=0.0))
    if decibels(peak) < settings.silence_db or peak == 0.0:
        limit = f"it is silent: its peak is {decibels(peak):.0f} dBFS, below the limit of {settings.silence_db:.0f}"
        return Fault("silent", limit)
    if peak > 1.0:
        out, changes = out / peak, (*changes, "lowered to full scale")
        peak = 1.0
    level = decibels(float(np.sqrt(np.mean(np.square(out, dtype=np.float64)))))
    samples = np.zeros((settings.channel_count, settings.length), np.int16)
    samples[:, : out.shape[1]] = to_int16(out)
    digest = hashlib.blake2b(samples.tobytes(), digest_size=16).hexdigest()
    return Clip(
        samples, round(seconds, 6), file.rate, file.channels, file.subtype, round(level, 2), round(decibels(peak), 2),
        changes, digest,
    )  # fmt: skip


def to_int16(x: np.ndarray) -> np.ndarray:
    """Samples in [-1, 1] as int16."""
    return np.clip(np.round(x * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def _changes(file: _File, seconds: float, settings: Settings) -> tuple[str, ...]:
    """What is done to a file, in words that are counted in the manifest."""
    excess = round(seconds * settings.sample_rate) - settings.length
    happens = {
        "8-bit samples": file.subtype in ("PCM_U8", "PCM_S8", "ULAW", "ALAW"),
        "folded to mono": file.channels > settings.channel_count,
        "mono on both sides": file.channels < settings.channel_count,
        "resampled": file.rate != settings.sample_rate,
        "cut": excess > 0,
        "padded": excess < 0,
    }
    return tuple(name for name, yes in happens.items() if yes)
