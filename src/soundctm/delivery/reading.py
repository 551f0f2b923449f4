"""What a file says of itself, read back from its chunks or comments."""

import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import soundfile

from soundctm.audio.comments import RECIPE_COMMENT, read_comments
from soundctm.audio.io import LOOP_CHUNK, read_chunks
from soundctm.delivery.chunks import UNSET

WANTED = frozenset({b"bext", b"iXML", b"LIST", LOOP_CHUNK, b"cue "})
INFO_NAMES = {
    "INAM": "title", "IART": "artist", "ICMT": "comment", "ICRD": "date", "ISFT": "software", "IKEY": "keywords",
    "ICOP": "copyright",
}  # fmt: skip
BEXT = "<256s32s32s10s8sQH64s5h180x"
LOUDNESS = ("loudness", "loudness_range", "true_peak", "momentary", "short_term")


def word_length(path: Path) -> str:
    """libsndfile's name of how samples are stored: ``PCM_16``, ``PCM_24``, ``FLOAT``, ``VORBIS``, ..."""
    return str(soundfile.info(path).subtype)


def read_tags(path: Path) -> dict[str, Any]:
    """By kind of chunk: ``bext``, ``ixml``, ``info``, ``loops``, ``cues`` of a WAV, ``comments`` of FLAC and Ogg (but
    for the recipe). Kinds that are not there, or are damaged, are left out."""
    found: dict[str, Any] = {}
    readers = {b"bext": _bext, b"iXML": _ixml, b"LIST": _list, LOOP_CHUNK: _loops, b"cue ": _cues}
    for name, payload in read_chunks(path, WANTED):
        try:
            found |= readers[name](payload)
        except (struct.error, ElementTree.ParseError, LookupError, ValueError):  # the last two: unknown encodings
            continue  # foreign files carry all kinds of chunks; the sound is readable without them
    told = {name: text for name, text in read_comments(path).items() if name != RECIPE_COMMENT}
    return found | ({"comments": told} if told else {})


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _bext(payload: bytes) -> dict[str, Any]:
    fields = struct.unpack_from(BEXT, payload)
    names = ("description", "originator", "reference", "date", "time")
    found: dict[str, Any] = {name: _text(field) for name, field in zip(names, fields, strict=False)}
    found |= {"version": fields[6]}
    if fields[6] >= 2:
        found |= {name: v / 100 for name, v in zip(LOUDNESS, fields[8:13], strict=True) if v != UNSET}
    return {"bext": found | {"history": _text(payload[struct.calcsize(BEXT) :]).splitlines()}}


def _ixml(payload: bytes) -> dict[str, Any]:
    root = ElementTree.fromstring(payload.rstrip(b"\0"))
    found: dict[str, Any] = {}
    for child in root:
        inner = {each.tag: each.text for each in child if each.text and not len(each)}
        found |= {child.tag: inner or (child.text or "").strip()}
    return {"ixml": {name: value for name, value in found.items() if value}}


def _list(payload: bytes) -> dict[str, Any]:
    if payload[:4] != b"INFO":
        return {}
    found, position = {}, 4
    while position + 8 <= len(payload):
        name, size = (
            payload[position : position + 4].decode("latin-1"),
            struct.unpack_from("<I", payload, position + 4)[0],
        )
        found[INFO_NAMES.get(name, name)] = _text(payload[position + 8 : position + 8 + size])
        position += 8 + size + size % 2
    return {"info": found}


def _loops(payload: bytes) -> dict[str, Any]:
    count = struct.unpack_from("<I", payload, 28)[0]
    ends = [struct.unpack_from("<II", payload, 36 + 24 * i + 8) for i in range(min(count, len(payload) // 24))]
    return {"loops": [{"start": start, "end": end} for start, end in ends]}


def _cues(payload: bytes) -> dict[str, Any]:
    count = struct.unpack_from("<I", payload)[0]
    points = [struct.unpack_from("<II", payload, 4 + 24 * i)[1] for i in range(min(count, len(payload) // 24))]
    return {"cues": points}
