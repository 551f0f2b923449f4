"""Files that end before their headers say. libsndfile reads such WAV, AIFF, AU, Ogg and MP3 files without a word."""

import mmap
import struct
from pathlib import Path

from soundctm.errors import UserError

STREAMED = 0x7FFFF000  # programs that write to a pipe announce 0, or so much and more, as they do not know yet
MP3_HEAD = 4096  # bytes behind an ID3 tag within which the Xing header stands
SLACK = 0.99  # an MP3's header may count its own frame or a tag


Data = bytes | mmap.mmap


def file_ends_early(path: Path) -> bool:
    """:func:`ends_early` of a file, of which little is read. Raises :class:`UserError` where it cannot be."""
    try:
        with path.open("rb") as file:
            if not file.read(1):  # there is nothing to map
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return ends_early(data)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); check its permissions and the disk") from error


def _unknown(size: int) -> bool:
    return size == 0 or size >= STREAMED


def ends_early(data: Data) -> bool:
    """Whether a file lacks part of its sound, for WAV, RF64, AIFF, AU, Ogg, and MP3 with a Xing header.

    Other formats: False; the decoder of FLAC tells by itself.
    """
    if data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE":
        return _chunk_is_cut(data, b"data", "<I")
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return _chunk_is_cut(data, b"SSND", ">I")
    if data[:4] == b".snd" and len(data) >= 12:
        start, size = struct.unpack_from(">II", data, 4)
        return not _unknown(size) and bool(start + size > len(data))
    if data[:4] == b"OggS":
        return _last_page_is_cut(data)
    return (data[:3] == b"ID3" or data[:1] == b"\xff") and _mp3_is_cut(data)


def _chunk_is_cut(data: Data, wanted: bytes, order: str) -> bool:
    """Whether the chunk of samples is announced to be longer than what follows, or is missing."""
    at, long_size = 12, None
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(order, data, at + 4)
        if data[at : at + 4] == b"ds64" and at + 24 <= len(data):  # RF64 (EBU Tech 3306): sizes of 64 bits
            (long_size,) = struct.unpack_from("<Q", data, at + 16)
        if data[at : at + 4] == wanted:
            if long_size is not None and size == 0xFFFFFFFF:
                return bool(at + 8 + long_size > len(data))
            return not _unknown(size) and bool(at + 8 + size > len(data))
        at += 8 + size + size % 2
    return True


def _last_page_is_cut(data: Data) -> bool:
    """Whether the last Ogg page (RFC 3533, section 6) is incomplete: 27 bytes, a table of lengths, the segments."""
    at = data.rfind(b"OggS")
    if at + 27 > len(data):
        return True
    segments = data[at + 27 : at + 27 + data[at + 26]]
    return len(segments) < data[at + 26] or at + 27 + len(segments) + sum(segments) > len(data)


def _mp3_is_cut(data: Data) -> bool:
    """Whether there are fewer bytes than the Xing (or Info) header counts; False without one."""
    start = 0
    if data[:3] == b"ID3" and len(data) >= 10:  # four bytes of seven bits
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    head = data[start : start + MP3_HEAD]
    at = max(head.find(b"Xing"), head.find(b"Info"))
    if at < 0 or at + 16 > len(head):
        return False
    (flags,) = struct.unpack_from(">I", head, at + 4)
    if not flags & 2:
        return False
    (size,) = struct.unpack_from(">I", head, at + (12 if flags & 1 else 8))
    return len(data) - start < SLACK * size
