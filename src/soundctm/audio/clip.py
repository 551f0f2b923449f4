"""A sound with its rate and its recipe."""

import hashlib
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np

from soundctm.audio.comments import RECIPE_COMMENT, read_comments
from soundctm.audio.edit import Loop
from soundctm.audio.io import (
    LIST_CHUNK,
    LOOP_CHUNK,
    RECIPE_CHUNK,
    info_chunk,
    loop_chunk,
    pieces,
    read_audio,
    read_chunk,
    to_pcm24,
    wav_bytes,
    write_atomically,
)
from soundctm.audio.origin import NOT_STATED, SYNTHETIC, Origin
from soundctm.audio.recipe import Recipe
from soundctm.errors import UserError, shown


def read_recipe(path: Path) -> Recipe | None:
    """The recipe inside a WAV, FLAC or Ogg Vorbis file; None when it carries none. Raises :class:`UserError` when it
    cannot be read."""
    found: bytes | str | None = read_chunk(path, RECIPE_CHUNK)
    if found is None:
        found = read_comments(path).get(RECIPE_COMMENT)
    return None if found is None else Recipe.from_json(found, str(path))


def _told(origin: Origin) -> bytes:
    """LIST INFO of a take."""
    rights = origin.rights if origin.licence != NOT_STATED else ""
    return info_chunk({b"ICMT": origin.statement, b"ISFT": origin.software, b"IKEY": SYNTHETIC, b"ICOP": rights})


@dataclass(frozen=True, eq=False)
class Clip:
    """``samples`` float32 ``[channels, length]`` in [-1, 1] at ``sample_rate`` Hz; ``recipe`` None for a recording."""

    samples: np.ndarray
    sample_rate: int
    recipe: Recipe | None = None

    def __post_init__(self) -> None:
        x, rate = self.samples, self.sample_rate
        if not isinstance(x, np.ndarray):
            raise UserError(f"samples are of type {type(x).__name__}; give a NumPy array, float32 [channels, length]")
        if x.ndim != 2 or x.dtype != np.float32 or not len(x):
            raise UserError(f"samples are {x.dtype}{list(x.shape)}; give float32 [channels, length]")
        if not isinstance(rate, Integral) or isinstance(rate, bool) or rate < 1:
            raise UserError(f"sample_rate is {shown(rate)}; give a whole number of Hz, for example 44100")
        object.__setattr__(self, "sample_rate", int(rate))  # NumPy's would be none in JSON

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.samples.shape[1] / self.sample_rate

    @property
    def digest(self) -> str:
        """The first 16 hex digits of the SHA-256 of rate, channels and samples of 24 bits: what a recipe names a
        recording by. Saving and loading keeps it."""
        found = hashlib.sha256(f"{self.sample_rate} {len(self.samples)} ".encode())
        for channel in self.samples:
            for piece in pieces(channel):
                found.update(to_pcm24(piece).astype("<i4").tobytes())
        return found.hexdigest()[:16]

    @property
    def loops(self) -> bool:
        """Whether the sound was made to be played round and round."""
        return self.recipe is not None and (self.recipe.loop or isinstance(self.recipe.edit, Loop))

    @property
    def chunks(self) -> dict[bytes, bytes]:
        """What a WAV of this sound carries behind its samples: what made it, in words that other programs show; loop
        points where it loops; the recipe."""
        return self.chunks_under(NOT_STATED)

    def chunks_under(self, licence: str) -> dict[bytes, bytes]:
        """The same, with the licence of the model that made the sound."""
        if self.recipe is None:
            return {}
        chunks = {LIST_CHUNK: _told(Origin(self.recipe, licence))}
        if self.loops:
            chunks[LOOP_CHUNK] = loop_chunk(self.samples.shape[1], self.sample_rate)
        return chunks | {RECIPE_CHUNK: self.recipe.model_dump_json().encode()}

    def encoded(self, licence: str = NOT_STATED) -> bytes:
        """What :meth:`save` writes: the same bytes for the same clip."""
        return wav_bytes(self.samples, self.sample_rate, self.chunks_under(licence))

    def save(self, path: str | Path, licence: str = NOT_STATED) -> Path:
        """Write a 24-bit WAV with the recipe inside, what made it in words, and loop points where it loops; whole or
        not at all. ``licence`` is that of the model's sounds, which its card states."""
        path = Path(path)
        if path.suffix.lower() != ".wav":
            raise UserError(f"a clip is saved as .wav, not {path.suffix or 'without a suffix'}: {path}")
        data = self.encoded(licence)
        write_atomically(path, lambda file: file.write(data))
        return path

    @classmethod
    def load(cls, path: str | Path) -> "Clip":
        """Read an audio file, and the recipe if it carries one."""
        samples, rate = read_audio(Path(path))
        return cls(samples, rate, read_recipe(Path(path)))

    def plot(self, path: str | Path, title: str | None = None) -> Path:
        """Write a spectrogram as PNG; the title defaults to the recipe's prompt and steps."""
        if title is None and self.recipe is not None:
            r = self.recipe
            title = f"{r.prompt}  ·  seed {r.seed}, take {r.take + 1}, {r.steps} step{'s' if r.steps > 1 else ''}"
        from soundctm.audio.spectrogram import save_spectrogram  # matplotlib takes a while to load

        return save_spectrogram(self.samples.mean(0), self.sample_rate, Path(path), title or "")
