"""Vorbis comments of FLAC and Ogg Vorbis files: where they carry what a WAV carries in chunks.

A file that is damaged or of another kind has none: what its samples are is for :func:`soundctm.audio.io.read_audio`.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

RECIPE_COMMENT = "SOUNDCTM_RECIPE"
FLAC, FLAC_COMMENT, FLAC_LAST = b"fLaC", 4, 0x80  # RFC 9639, section 8
OGG, OGG_HEAD = b"OggS", 27  # RFC 3533, section 6
VORBIS_COMMENT = b"\x03vorbis"  # Vorbis I, section 4.2.1
LARGEST = 2**24  # bytes of a block of comments, which is FLAC's limit


def read_comments(path: Path) -> dict[str, str]:
    """Comments by their names in capitals, the first of each name; empty where a file has none."""
    with path.open("rb") as file:
        kind = file.read(4)
        if kind == FLAC:
            return parse_comments(_flac_block(file))
        if kind != OGG:
            return {}
        file.seek(0)
        packets = _ogg_packets(file)
        next(packets, b"")  # the stream's own header
        second = next(packets, b"")
        return parse_comments(second.removeprefix(VORBIS_COMMENT)) if second.startswith(VORBIS_COMMENT) else {}


def parse_comments(block: bytes) -> dict[str, str]:
    """A block of comments (Vorbis I, section 5): vendor, number, then ``NAME=text`` each; empty when it is cut off."""
    found: dict[str, str] = {}
    try:
        position = 4 + struct.unpack_from("<I", block)[0]
        (count,) = struct.unpack_from("<I", block, position)
        position += 4
        for _ in range(count):
            (size,) = struct.unpack_from("<I", block, position)
            (entry,) = struct.unpack_from(f"{size}s", block, position + 4)
            name, _, text = entry.decode("utf-8", "replace").partition("=")
            found.setdefault(name.upper(), text)
            position += 4 + size
    except struct.error:
        return {}
    return found


def flac_blocks(path: Path) -> list[int]:
    """The kinds of the blocks of metadata in a FLAC file, in order; none in another."""
    with path.open("rb") as file:
        return [kind for kind, _ in _blocks(file)] if file.read(4) == FLAC else []


def _flac_block(file: BinaryIO) -> bytes:
    """The first block of comments behind the mark of a FLAC file; empty where there is none."""
    return next((file.read(size) for kind, size in _blocks(file) if kind == FLAC_COMMENT), b"")


def _blocks(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Kinds and sizes of the blocks behind the mark of a FLAC file, which stands at the content of each."""
    last = False
    while not last and len(header := file.read(4)) == 4:
        last, size = bool(header[0] & FLAC_LAST), int.from_bytes(header[1:], "big")
        end = file.tell() + size
        yield header[0] & ~FLAC_LAST, size
        file.seek(end)


def _ogg_packets(file: BinaryIO) -> Iterator[bytes]:
    """Packets of the pages of an Ogg file with one stream, as far as they are whole and not too large."""
    packet = b""
    while len(head := file.read(OGG_HEAD)) == OGG_HEAD and head[:4] == OGG and len(packet) < LARGEST:
        for size in file.read(head[26]):
            packet += file.read(size)
            if size < 255:
                yield packet
                packet = b""
