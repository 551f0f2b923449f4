"""Files from elsewhere as clips, by way of a program that may fail (:mod:`soundctm.server.api.decoder`)."""

import json
import logging
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypedDict

import numpy as np

from soundctm.audio import Clip, Recipe
from soundctm.audio.io import STEP_16, pieces
from soundctm.errors import UserError
from soundctm.server.api.errors import Refusal, one_line
from soundctm.server.api.settings import UploadLimits
from soundctm.server.library.files import check_kept
from soundctm.server.library.names import printable

DECODER = Path(__file__).with_name("decoder.py")
_PIECE = 2**20
_TAIL = 2000  # bytes of what a decoder that died had to say

log = logging.getLogger(__name__)


class _About(TypedDict):
    """What the decoder says of a sound."""

    channels: int
    rate: int
    frames: int
    recipe: str | None


class Decoded(NamedTuple):
    """A sound, and what there is to say of it."""

    clip: Clip
    note: str | None


def decode(file: BinaryIO, limits: UploadLimits, desk: Path) -> Decoded:
    """The sound of an open file, with its recipe if it carries one that can be read; what is on its way lies in the
    folder ``desk``.

    Raises :class:`Refusal` with 415 for what is no sound, 413 for one that takes too much time or memory or is too
    long; OSError where the disk is full or fails.
    """
    with tempfile.TemporaryDirectory(prefix="upload-", dir=desk) as name:
        source, target = Path(name, "source"), Path(name, "samples")
        with source.open("wb") as copy:
            while piece := file.read(_PIECE):
                copy.write(piece)
        about = _run(source, target, limits)
        recipe, note = _recipe(about["recipe"])
        samples = _samples(target, about["channels"], about["frames"])
        notes = (note, _turned_down(samples))
        return Decoded(Clip(samples, about["rate"], recipe), "; ".join(each for each in notes if each) or None)


def _turned_down(samples: np.ndarray) -> str | None:
    """Bring samples that go beyond full scale, as those of float files may, within it as a whole; what was done."""
    peak = max((float(np.abs(piece).max(initial=0.0)) for piece in pieces(samples)), default=0.0)
    if not 1.0 + STEP_16 < peak < np.inf:  # less is what a library keeps, cut to full scale
        return None
    samples /= peak
    return f"the sound goes beyond full scale and was turned down by {20 * np.log10(peak):.1f} dB"


def _recipe(text: str | None) -> tuple[Recipe | None, str | None]:
    """A recipe that can be kept; or none, and why: as another version of soundctm may have written it, the sound is
    welcome all the same."""
    if text is None:
        return None, None
    try:
        recipe = Recipe.from_json(text, "the file")
        check_kept(recipe)
    except UserError as error:
        return None, one_line(printable(f"the sound came in without its recipe: {error}"))
    return recipe, None


def _samples(path: Path, channels: int, frames: int) -> np.ndarray:
    """Float32 ``[channels, frames]`` of an interleaved file, piece by piece: two of it would be a lot."""
    samples = np.empty((channels, frames), np.float32)
    with path.open("rb") as file:
        for start in range(0, frames, _PIECE):
            piece = np.fromfile(file, "<f4", channels * min(_PIECE, frames - start))
            samples[:, start : start + _PIECE] = piece.reshape(-1, channels).T
    return samples


def _run(source: Path, target: Path, limits: UploadLimits) -> _About:
    """What the decoder says of a file; ``-P`` keeps its own folder out of where it looks for packages."""
    numbers = (limits.values, limits.memory, int(limits.seconds) + 1)
    command = [sys.executable, "-P", str(DECODER), str(source), str(target), *map(str, numbers)]
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each thread takes memory
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limits.seconds, env=alone, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Refusal(413, "the file takes too long to decode; convert it to WAV first", "file") from error
    if ended.returncode != 0:
        last = ended.stderr[-_TAIL:].decode(errors="replace").strip()
        log.error("the decoder of an upload ended with %d: %s", ended.returncode, last or "it said nothing")
        reason = "it ended by force" if ended.returncode < 0 else "the decoder failed"
        raise Refusal(415, f"the file cannot be decoded ({reason}); send WAV, FLAC or OGG", "file")
    said = json.loads(ended.stdout)
    _say_unlimited(tuple(said.pop("unlimited")))
    if "errno" in said:
        raise OSError(said["errno"], said["error"])
    if "error" in said:
        raise Refusal(said["status"], said["error"], "file")
    about: _About = said
    return about


@cache
def _say_unlimited(names: tuple[str, ...]) -> None:
    """Log, once, which limits this system does not have."""
    if names:
        log.warning("uploads are decoded without %s, which this system does not let be set", ", ".join(names))
