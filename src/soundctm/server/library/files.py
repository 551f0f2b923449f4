"""The folder of a library: one WAV per sound, whole or not there, that tells by itself what it is."""

import math
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from soundctm.audio import Clip, Recipe
from soundctm.audio.io import RIFF_BYTES, check_rate, read_chunk, wav_bytes
from soundctm.checks import check_samples
from soundctm.errors import UserError
from soundctm.server.library.entries import Kind, is_id
from soundctm.server.library.faults import writing
from soundctm.server.origin import told

LABEL_CHUNK = b"sclb"
SILENCE = -120.0  # dB
Identifier = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class Label(BaseModel):
    """What a file says of itself beside its recipe, so that a lost list can be made anew; ``owner`` wrote it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    parents: tuple[Identifier, ...] = ()
    name: str
    job: Identifier | None = None
    created: AwareDatetime
    owner: Annotated[str, Field(pattern="^[0-9a-f]*$")]


class Shelf:
    """The files of a library: ``clips/ab/<id>.wav``, where ``ab`` are the first digits of the id; ``incoming`` for what
    is being written, ``set-aside`` for what cannot be read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clips, self.incoming, self.aside = (folder / name for name in ("clips", "incoming", "set-aside"))

    def prepare(self) -> None:
        """Make the folder for what is being written. Raises :class:`LibraryFault` where that cannot be."""
        with writing(self.incoming):
            self.incoming.mkdir(exist_ok=True)

    def path(self, identifier: str) -> Path:
        """Where the sound of that id lies."""
        return self.clips / identifier[:2] / f"{identifier}.wav"

    def put(self, identifier: str, clip: Clip, label: Label, desk: Path) -> None:
        """Write a sound: to the folder ``desk`` and to the disk first, then under its name, for good.

        Raises :class:`LibraryFault` when the disk is full or refuses, and leaves nothing behind.
        """
        path, beside = self.path(identifier), desk / f"{identifier}.wav"
        data = _sound_bytes(clip, label)
        with writing(path):
            try:
                with beside.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                if not path.parent.is_dir():
                    path.parent.mkdir(exist_ok=True)
                    _flush_folder(self.clips)
                os.replace(beside, path)
                _flush_folder(path.parent)
            finally:
                beside.unlink(missing_ok=True)

    def remove(self, identifier: str) -> int:
        """Remove a sound; how many bytes that freed, 0 when it was not there."""
        path = self.path(identifier)
        with writing(path):
            try:
                size = path.stat().st_size
                path.unlink()
            except FileNotFoundError:
                return 0
        return size

    def set_aside(self, identifier: str) -> Path:
        """Move a file that cannot be read out of the way; where it lies now."""
        target = self.aside / f"{identifier}.wav"
        with writing(target):
            self.aside.mkdir(exist_ok=True)
            shutil.move(self.path(identifier), target)
        return target

    def ids(self) -> Iterator[str]:
        """The ids of all files that are where a sound of that id belongs; what else lies in the folder is not ours."""
        with os.scandir(self.clips) as drawers:
            names = sorted(drawer.name for drawer in drawers if drawer.is_dir(follow_symlinks=False))
        for name in names:
            with os.scandir(self.clips / name) as files:
                for file in files:
                    stem, suffix = os.path.splitext(file.name)
                    if suffix == ".wav" and is_id(stem) and stem[:2] == name and file.is_file(follow_symlinks=False):
                        yield stem

    def label(self, identifier: str) -> Label | None:
        """What a file says of itself; None when it was not a library that wrote it. Raises :class:`UserError` for a
        label that cannot be read, and for a file that was cut."""
        path = self.path(identifier)
        with path.open("rb") as file:
            head = file.read(8)
        if len(head) < 8 or int.from_bytes(head[4:], "little") + 8 != path.stat().st_size:
            raise UserError(f"{path} is not as long as it says")
        chunk = read_chunk(path, LABEL_CHUNK)
        if chunk is None:
            return None
        try:
            return Label.model_validate_json(chunk)
        except ValidationError as error:
            raise UserError(f"{path} has a label that cannot be read") from error


def loudness(clip: Clip) -> float:
    """RMS over all channels in dB full scale, -120 and above."""
    mean = float(np.mean(np.square(clip.samples, dtype=np.float64)))
    return max(SILENCE, 10 * math.log10(mean)) if mean > 0 else SILENCE


def check_clip(clip: Clip) -> None:
    """Raise :class:`UserError` unless a clip can be kept: some samples, all of them numbers within full scale, a
    rate that files may have, and a recipe that reads back as it was written."""
    channels, length = clip.samples.shape
    check_rate(clip.sample_rate, "the clip")  # nobody could read the file
    if 3 * channels * length > RIFF_BYTES:
        raise UserError(f"the clip lasts {clip.duration:,.0f} s, too long for a WAV file; cut it into pieces")
    check_samples(clip, "the clip")
    if clip.recipe is not None:
        check_kept(clip.recipe)


def check_kept(recipe: Recipe) -> None:
    """Raise :class:`UserError` unless a recipe reads back as it was written."""
    try:
        same = type(recipe).model_validate_json(recipe.model_dump_json()) == recipe
    except ValueError as error:  # halves of characters, or numbers that JSON does not have
        raise UserError("the clip's recipe cannot be written down; leave the recipe out") from error
    if not same or not 0 <= recipe.seed < 2**63 or not 0 < recipe.steps < 2**31:
        raise UserError("the clip's recipe has numbers out of range; leave the recipe out")


def created_at(path: Path) -> datetime:
    """When a file was last written, in UTC."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _sound_bytes(clip: Clip, label: Label) -> bytes:
    """The file that :meth:`Clip.save` writes, and a label."""
    chunks = {**told(clip), LABEL_CHUNK: label.model_dump_json().encode()}
    return wav_bytes(clip.samples, clip.sample_rate, chunks)


def _flush_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk; Windows does that by itself, and cannot open folders."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
