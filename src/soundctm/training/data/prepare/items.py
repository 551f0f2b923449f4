"""What a source hands over: one sound with its caption, or the reason why there is none."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Code = Literal[
    "missing_file", "unreadable_file", "unreadable_row", "broken_archive", "missing_caption", "empty_caption",
    "caption_not_utf8", "zero_length", "too_large", "not_audio", "truncated", "damaged", "decoder_crashed",
    "not_finite", "unusable_rate", "too_many_channels", "silent", "duplicate", "not_encodable",
]  # fmt: skip

LARGEST_FILE = 512 * 2**20  # bytes; a file is read whole, by each worker


@dataclass(frozen=True)
class Fault:
    """Why something is left out: a code for scripts and a sentence for people."""

    code: Code
    sentence: str


@dataclass(frozen=True)
class Sound:
    """Where the bytes of a sound are: a file, a stretch of one (in a tar), or already in memory."""

    path: Path
    offset: int = 0
    size: int | None = None
    data: bytes | None = None

    def read(self) -> bytes:
        """The bytes; fewer than ``size`` when the file ends early. Raises OSError."""
        if self.data is not None:
            return self.data
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read() if self.size is None else file.read(self.size)

    def length(self) -> int:
        """Number of bytes, without reading them. Raises OSError."""
        if self.data is not None:
            return len(self.data)
        return self.path.stat().st_size if self.size is None else self.size


@dataclass(frozen=True)
class Item:
    """One entry of a source. ``fault`` says why there is nothing to decode; ``sound`` is None then."""

    name: str
    sound: Sound | None
    caption: str = ""
    licence: str = ""
    group: str = ""
    fault: Fault | None = None


class Source(Protocol):
    """Items in an order that is the same on every call."""

    @property
    def kind(self) -> str:
        """The name of its format."""
        ...

    def items(self) -> Iterator[Item]: ...

    def count(self) -> int:
        """How many items there will be."""
        ...

    def fingerprint(self) -> str:
        """Changes when entries are added, removed or changed."""
        ...


def printable(name: str) -> str:
    """A name as valid UTF-8: bytes that are none show as ``\\udcNN``."""
    return name.encode("utf-8", "backslashreplace").decode()


def clean_caption(value: object) -> str | Fault:
    """A caption with its white space collapsed, from text or bytes; a list of captions gives its first."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bytes):
        value = value.decode("utf-8-sig", "surrogateescape")
    if not isinstance(value, str):
        return Fault("missing_caption", "it has no caption")
    try:
        value.encode()
    except UnicodeEncodeError:
        return Fault("caption_not_utf8", "its caption is not UTF-8 text; save it again as UTF-8")
    caption = " ".join(value.replace("\0", " ").split())
    return caption or Fault("empty_caption", "its caption is empty")


def make_item(name: str, sound: Sound, caption: object, licence: str, group: str = "") -> Item:
    """An item, or one with a fault when the caption is of no use."""
    cleaned = clean_caption(caption)
    if isinstance(cleaned, Fault):
        return Item(printable(name), None, fault=cleaned)
    return Item(printable(name), sound, cleaned, printable(licence), printable(group))


def digest(parts: Iterable[bytes]) -> str:
    """32 hex digits over all parts."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(len(part).to_bytes(8, "little") + part)
    return sha.hexdigest()[:32]


def listing_digest(paths: Iterable[Path], root: Path) -> str:
    """Over names below ``root`` and sizes."""
    return digest(f"{path.relative_to(root)} {path.stat().st_size}".encode(errors="surrogateescape") for path in paths)
