"""Tar shards in the manner of WebDataset: members ``key.wav`` and ``key.txt`` or ``key.json`` stand side by side."""

import itertools
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from soundctm.errors import UserError
from soundctm.training.data.prepare.folders import AUDIO_SUFFIXES, item_beside
from soundctm.training.data.prepare.items import LARGEST_FILE, Fault, Item, Sound, listing_digest, printable

LARGEST_CAPTION = 2**20
TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True)
class Member:
    """A file in a tar: its key (path up to the first dot of its name), its suffix, its bytes."""

    key: str
    suffix: str
    sound: Sound


def split_key(name: str) -> tuple[str, str]:
    """``a/b.c.wav -> ("a/b", ".c.wav")``: WebDataset's rule."""
    path = PurePosixPath(name)
    stem, dot, rest = path.name.partition(".")
    return str(path.with_name(stem)) if stem else name, (dot + rest).lower()


def is_plain(path: Path) -> bool:
    """Whether a tar is not compressed, so that its members can be read where they lie."""
    try:
        with tarfile.open(path, "r:"):
            return True
    except tarfile.TarError:
        return False


def _has_end(path: Path, offset: int) -> bool:
    """Whether a block of zeros stands where the library stopped reading: it takes a cut header for the end."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(512) == bytes(512)


def read_members(path: Path) -> Iterator[Member | Fault]:
    """Regular members in order; members of compressed tars are read at once. Damage ends the archive with a fault."""
    try:
        plain = is_plain(path)
        with tarfile.open(path, "r:" if plain else "r|*") as tar:
            while (info := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]  # the library keeps every header it has seen
                name = PurePosixPath(info.name).name
                if not info.isreg() or name.startswith("."):
                    continue
                data = None
                if not plain and info.size <= LARGEST_FILE:
                    file = tar.extractfile(info)
                    data = b"" if file is None else file.read()
                yield Member(*split_key(info.name), Sound(path, info.offset_data, info.size, data))
            if plain and not _has_end(path, tar.offset):
                yield Fault("broken_archive", "the archive has no end mark: it was cut short behind its last sound")
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        yield Fault("broken_archive", f"the archive ends early or is damaged, its rest is not read: {error}")


@dataclass(frozen=True)
class TarSource:
    """One tar or a folder of them, in order of name."""

    path: Path
    licence: str
    kind: str = "tar"

    def __post_init__(self) -> None:
        if not self.tars():
            raise UserError(f"{self.path} is no tar and holds none; accepted are {', '.join(TAR_SUFFIXES)}")

    def tars(self) -> list[Path]:
        """The archives."""
        if self.path.is_dir():
            return sorted(path for path in self.path.iterdir() if path.name.endswith(TAR_SUFFIXES))
        return [self.path] if self.path.is_file() else []

    def items(self) -> Iterator[Item]:
        """One for each key; neighbours of one key belong together."""
        for tar in self.tars():
            members = itertools.groupby(read_members(tar), lambda m: None if isinstance(m, Fault) else m.key)
            for key, group in members:
                parts = list(group)
                if key is None:
                    yield from (Item(printable(tar.name), None, fault=f) for f in parts if isinstance(f, Fault))
                else:
                    yield self._item(f"{tar.name}/{key}", [m for m in parts if isinstance(m, Member)])

    def _item(self, name: str, members: list[Member]) -> Item:
        captions = {m.suffix: m for m in members if m.suffix in (".txt", ".json")}
        sounds = [m for m in members if m.suffix not in captions]
        sounds.sort(key=lambda m: not m.suffix.endswith(tuple(AUDIO_SUFFIXES)))  # other members may be anything
        if not sounds:
            return Item(printable(name), None, fault=Fault("missing_file", "the archive has no sound of this key"))
        caption = captions.get(".txt") or captions.get(".json")
        if caption is None:
            return Item(printable(name), None, fault=Fault("missing_caption", "no .txt or .json of this key"))
        if caption.sound.length() > LARGEST_CAPTION:
            return Item(printable(name), None, fault=Fault("missing_caption", "its caption file is over 1 MB"))
        try:
            said = caption.sound.read()
        except OSError as error:
            fault = Fault("missing_caption", f"its caption cannot be read: {error.strerror}")
            return Item(printable(name), None, fault=fault)
        return item_beside(name + sounds[0].suffix, sounds[0].sound, caption.suffix, said, self.licence)

    def count(self) -> int:
        """Reads all headers, and compressed archives whole."""
        return sum(1 for _ in self.items())

    def fingerprint(self) -> str:
        """Of names and sizes of the archives."""
        return listing_digest(self.tars(), self.path if self.path.is_dir() else self.path.parent)
