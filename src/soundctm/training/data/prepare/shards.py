"""Shards on disk: arrays that are memory-mapped, and one line of JSON per clip.

``00000.npy`` int16 ``[n, channels, length]``; with latents ``00000.mean.npy`` and ``00000.logvar.npy`` float16
``[n, C, T]``, ``00000.tokens.npy`` float16 ``[n, N, D]`` and ``00000.mask.npy`` bool ``[n, N]``. Beside them
``00000.left_out.jsonl``, and ``00000.jsonl``, which is written last: a shard that has it is finished.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from soundctm.audio.io import write_atomically
from soundctm.errors import UserError
from soundctm.training.data.prepare.items import Fault, printable

LATENT_ARRAYS = ("mean", "logvar", "tokens", "mask")
AUDIO_ARRAYS = ("",)  # the waveforms have no suffix
# What was left out behind the last clip of the source and behind the last mixture. The first says: the source is done.
REST, MIXTURES_REST = "rest.left_out.jsonl", "mixtures.left_out.jsonl"


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a stored clip; ``seconds`` is its length before cutting, levels are in dBFS.

    ``position`` counts the source's entries from 0. A mixture has none: it is mixture number
    ``mixture``, of the clips ``mixed``.
    """

    name: str
    caption: str
    licence: str
    group: str
    seconds: float
    level_db: float
    peak_db: float
    position: int | None = None
    rate: int | None = None
    channels: int | None = None
    subtype: str | None = None
    changes: Sequence[str] = ()
    digest: str | None = None
    mixture: int | None = None
    mixed: Sequence[int] | None = None


@dataclass(frozen=True)
class LeftOut:
    """An entry of the source that gives no clip."""

    name: str
    code: str
    sentence: str


@dataclass(frozen=True)
class Encoded:
    """Moments ``mean`` and ``logvar`` float16 ``[C, T]``, and the caption's ``tokens`` float16 ``[N, D]``."""

    mean: np.ndarray
    logvar: np.ndarray
    tokens: np.ndarray


def write_rows(path: Path, rows: Sequence[np.ndarray]) -> None:
    """Arrays of one shape as one ``.npy``, written row by row, whole or not at all."""

    def write(file: BinaryIO) -> None:
        first = rows[0]
        header = {"descr": first.dtype.str, "fortran_order": False, "shape": (len(rows), *first.shape)}
        np.lib.format.write_array_header_1_0(file, header)
        for row in rows:
            file.write(np.ascontiguousarray(row).tobytes())

    write_atomically(path, write)


def write_lines(path: Path, entries: Sequence[Record] | Sequence[LeftOut]) -> None:
    """One JSON object per line."""
    text = "".join(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in entries)
    write_atomically(path, lambda file: file.write(text.encode()))


def read_records(path: Path) -> Iterator[Record]:
    """The lines of a shard's index. Raises :class:`UserError` when it is damaged."""
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield Record(**json.loads(line))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{path} is missing or damaged ({error}); prepare the data again into a new folder") from error


def read_left_out(path: Path) -> Iterator[LeftOut]:
    """The lines of a file of left-out entries."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield LeftOut(**json.loads(line))


def read_manifest(out: Path) -> dict[str, Any] | None:
    """The manifest of a finished folder; None when there is none yet."""
    path = out / "manifest.json"
    if not path.exists():
        return None
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}); delete it and prepare the data again") from error
    return manifest


def finished_shards(folder: Path) -> list[Path]:
    """Index files of the finished shards, in order, up to the first gap."""
    found: list[Path] = []
    while (path := folder / f"{len(found):05d}.jsonl").exists():
        found.append(path)
    return found


def left_out_files(folder: Path) -> list[Path]:
    """All files of left-out entries of a prepared folder's ``shards``."""
    files = [path.with_suffix(".left_out.jsonl") for path in finished_shards(folder)]
    return [*files, *(path for path in (folder / REST, folder / MIXTURES_REST) if path.exists())]


class ShardWriter:
    """Collects clips and left-out entries and writes a shard whenever it is full."""

    def __init__(self, folder: Path, shard_size: int) -> None:
        self.folder, self.shard_size = folder, shard_size
        self.number = len(finished_shards(folder))
        self.samples: list[np.ndarray] = []
        self.records: list[Record] = []
        self.encoded: list[Encoded] = []
        self.left_out: list[LeftOut] = []
        self.before_last = 0  # how many of these stand before the last clip: they belong to its shard

    def add(self, record: Record, samples: np.ndarray, encoded: Encoded | None) -> None:
        """Take a clip, int16 ``[channels, length]``."""
        self.records.append(record)
        self.samples.append(samples)
        self.before_last = len(self.left_out)
        if encoded is not None:
            self.encoded.append(encoded)
        if len(self.records) == self.shard_size:
            self.flush()

    def leave_out(self, name: str, fault: Fault) -> None:
        """Note why an entry is not among the clips."""
        self.left_out.append(LeftOut(name, fault.code, printable(fault.sentence)))

    def flush(self) -> None:
        """Write what has been collected; the index last."""
        if not self.records:
            return
        stem = f"{self.number:05d}"
        write_rows(self.folder / f"{stem}.npy", self.samples)
        if self.encoded:
            self._write_encoded(stem)
        write_lines(self.folder / f"{stem}.left_out.jsonl", self.left_out[: self.before_last])
        write_lines(self.folder / f"{stem}.jsonl", self.records)
        self.left_out = self.left_out[self.before_last :]
        self.samples, self.records, self.encoded, self.before_last = [], [], [], 0
        self.number += 1

    def _write_encoded(self, stem: str) -> None:
        """Tokens are padded with zeros to the longest caption of the shard."""
        longest = max(len(e.tokens) for e in self.encoded)
        tokens = [np.pad(e.tokens, ((0, longest - len(e.tokens)), (0, 0))) for e in self.encoded]
        mask = [np.arange(longest) < len(e.tokens) for e in self.encoded]
        arrays = ([e.mean for e in self.encoded], [e.logvar for e in self.encoded], tokens, mask)
        for name, rows in zip(LATENT_ARRAYS, arrays, strict=True):
            write_rows(self.folder / f"{stem}.{name}.npy", rows)

    def finish(self, rest: str) -> None:
        """Write the last clips, and into the file ``rest`` what was left out behind them."""
        self.flush()
        write_lines(self.folder / rest, self.left_out)
        self.left_out = []


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """A ``.npy`` that has been looked at. It is mapped for each access: a map that is kept keeps a file open, and a
    large collection has more arrays than a process may have open files."""

    path: Path
    dtype: np.dtype
    shape: tuple[int, ...]
    offset: int

    @classmethod
    def look(cls, path: Path, count: int) -> "ArrayFile":
        """Raises :class:`UserError` unless the file is there, whole, and has ``count`` rows."""
        try:
            with path.open("rb") as file:
                if np.lib.format.read_magic(file) != (1, 0):
                    raise ValueError("not version 1.0 of the format")
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                found = cls(path, dtype, shape, file.tell())
                missing = found.offset + math.prod(shape) * dtype.itemsize - file.seek(0, 2)
        except (OSError, ValueError) as error:
            raise UserError(f"{path} is missing or damaged ({error}); prepare the data again") from error
        if missing or shape[0] != count:
            raise UserError(f"{path} is damaged or does not belong to its index; prepare the data again")
        return found

    def row(self, index: int) -> np.ndarray:
        """One row, memory-mapped."""
        row: np.ndarray = np.memmap(self.path, self.dtype, "r", self.offset, self.shape)[index]
        return row


class ShardReader:
    """Clips of finished shards by number. Captions and names are in memory, arrays are memory-mapped.

    Raises :class:`UserError` for a missing, cut or misshapen file.
    """

    def __init__(self, folder: Path, arrays: Sequence[str] = AUDIO_ARRAYS) -> None:
        self.names: list[str] = []
        self.captions: list[str] = []
        self.starts: list[int] = []
        self.arrays: dict[str, list[ArrayFile]] = {name: [] for name in arrays}
        for path in finished_shards(folder):
            self.starts.append(len(self.names))
            for record in read_records(path):
                self.names.append(record.name)
                self.captions.append(record.caption)
            for name in arrays:
                part = path.with_suffix(f".{name}.npy" if name else ".npy")
                self.arrays[name].append(ArrayFile.look(part, len(self.names) - self.starts[-1]))

    def __len__(self) -> int:
        return len(self.names)

    def row(self, clip: int, array: str = "") -> np.ndarray:
        """One clip's row of an array; "" is the sound, int16 ``[channels, length]``."""
        shard = int(np.searchsorted(self.starts, clip, side="right")) - 1
        return self.arrays[array][shard].row(clip - self.starts[shard])


def open_prepared(folder: Path, latents: bool = False) -> tuple[dict[str, Any], ShardReader]:
    """The manifest and the clips of a finished folder, with ``latents`` those arrays too. Raises UserError when the
    folder is not finished, has no latents, or files are missing."""
    manifest = read_manifest(folder)
    if manifest is None:
        with_latents = " --latents MODEL" if latents else ""
        raise UserError(
            f"{folder} is not a complete prepared folder: it has no manifest.json; "
            f"run soundctm data prepare SOURCE --out {folder}{with_latents} to its end"
        )
    if latents and manifest["latents"] is None:
        raise UserError(f"{folder} was prepared without --latents; prepare it with --latents MODEL into a new folder")
    clips = ShardReader(folder / "shards", LATENT_ARRAYS if latents else AUDIO_ARRAYS)
    if len(clips) != manifest["clips"]:
        raise UserError(
            f"{folder} has {len(clips)} clips and its manifest names {manifest['clips']}; "
            "files are missing: prepare it again into a new folder"
        )
    return manifest, clips
