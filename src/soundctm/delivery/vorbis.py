"""Vorbis comments into FLAC and Ogg Vorbis files, as bytes that are a function of what goes in.

libsndfile writes some comments of its own choice and draws the serial number of an Ogg stream at random; here both are
replaced. Reading is in :mod:`soundctm.audio.comments`.
"""

import struct
from collections.abc import Mapping, Sequence

from soundctm.audio.comments import FLAC_COMMENT, FLAC_LAST, OGG, OGG_HEAD, VORBIS_COMMENT

VENDOR = b"soundctm"
HEADERS = 3  # packets before the audio: identification, comments, codebooks
POLYNOMIAL = 0x04C11DB7
CONTINUED, NOTHING_ENDS = 1, 2**64 - 1
SEGMENTS = 255  # of a page, and bytes of a segment


def comment_block(comments: Mapping[str, str]) -> bytes:
    """A block of comments, ``NAME=text`` in UTF-8."""
    entries = [f"{name}={text}".encode() for name, text in comments.items()]
    sized = b"".join(struct.pack("<I", len(entry)) + entry for entry in entries)
    return struct.pack("<I", len(VENDOR)) + VENDOR + struct.pack("<I", len(entries)) + sized


def flac_with(data: bytes, comments: Mapping[str, str]) -> bytes:
    """A FLAC file with these comments and no other: stream information first, then they, then the rest."""
    blocks, position, last = [], 4, False
    while not last:
        last, kind = bool(data[position] & FLAC_LAST), data[position] & ~FLAC_LAST
        end = position + 4 + int.from_bytes(data[position + 1 : position + 4], "big")
        if kind != FLAC_COMMENT:
            blocks.append((kind, data[position + 4 : end]))
        position = end
    blocks.insert(1, (FLAC_COMMENT, comment_block(comments)))
    marks = [0] * (len(blocks) - 1) + [FLAC_LAST]
    heads = [
        bytes([kind | mark]) + len(body).to_bytes(3, "big") + body
        for (kind, body), mark in zip(blocks, marks, strict=True)
    ]
    return data[:4] + b"".join(heads) + data[position:]


def ogg_with(data: bytes, comments: Mapping[str, str], serial: int) -> bytes:
    """An Ogg Vorbis file with these comments and no other, and this serial number (32 bits)."""
    pages = _pages(data)
    packets, rest = _header_packets(pages)
    packets[1] = VORBIS_COMMENT + comment_block(comments) + b"\x01"  # the framing bit
    first = (pages[0][0], packets[0], _lacing([packets[0]]))
    again = [first, *_header_pages(packets[1:]), *((head, body, table) for head, body, table in pages[rest:])]
    return b"".join(_page(head, body, table, serial, number) for number, (head, body, table) in enumerate(again))


def _pages(data: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Of each page the bytes from version to granule position, the body, and the table of segments."""
    pages, position = [], 0
    while position < len(data):
        count = data[position + OGG_HEAD - 1]
        table = data[position + OGG_HEAD : position + OGG_HEAD + count]
        start = position + OGG_HEAD + count
        pages.append((data[position + 4 : position + 14], data[start : start + sum(table)], table))
        position = start + sum(table)
    return pages


def _header_packets(pages: Sequence[tuple[bytes, bytes, bytes]]) -> tuple[list[bytes], int]:
    """The three packets of headers, and the page behind them, on which audio begins."""
    packets, packet = [], b""
    for number, (_, body, table) in enumerate(pages):
        position = 0
        for size in table:
            packet += body[position : position + size]
            position += size
            if size < SEGMENTS:
                packets.append(packet)
                packet = b""
        if len(packets) == HEADERS:
            return packets, number + 1
    raise ValueError("an Ogg Vorbis file has three headers")


def _lacing(packets: Sequence[bytes]) -> bytes:
    return b"".join(bytes([SEGMENTS] * (len(p) // SEGMENTS) + [len(p) % SEGMENTS]) for p in packets)


def _header_pages(packets: Sequence[bytes]) -> list[tuple[bytes, bytes, bytes]]:
    """Packets on as many pages as they need."""
    table, body = _lacing(packets), b"".join(packets)
    pages, position = [], 0
    for start in range(0, len(table), SEGMENTS):
        part = table[start : start + SEGMENTS]
        continued = CONTINUED if start and table[start - 1] == SEGMENTS else 0
        granule = 0 if min(part) < SEGMENTS else NOTHING_ENDS
        pages.append((struct.pack("<BBQ", 0, continued, granule), body[position : position + sum(part)], part))
        position += sum(part)
    return pages


def _page(head: bytes, body: bytes, table: bytes, serial: int, number: int) -> bytes:
    before = OGG + head + struct.pack("<II", serial, number)
    after = bytes([len(table)]) + table + body
    return before + struct.pack("<I", _checksum(before + bytes(4) + after)) + after


def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ POLYNOMIAL if value & 1 << 31 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


_TABLE = _table()


def _checksum(data: bytes) -> int:
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    return value
