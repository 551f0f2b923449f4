"""What a file says of itself, read back from its chunks or comments."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pydantic import ValidationError

from soundctm.audio.comments import RECIPE_COMMENT, read_comments
from soundctm.audio.io import LOOP_CHUNK, audio_facts, read_chunk, read_chunks
from soundctm.delivery.chunks import UNSET
from soundctm.delivery.process import DELIVERIES, Delivery
from soundctm.delivery.tags import DELIVERIES_CHUNK, DELIVERIES_COMMENT
from soundctm.errors import UserError

WANTED = frozenset({b"bext", b"iXML", b"LIST", LOOP_CHUNK, b"cue "})
INFO_NAMES = {
    "INAM": "title", "IART": "artist", "ICMT": "comment", "ICRD": "date", "ISFT": "software", "IKEY": "keywords",
    "ICOP": "copyright",
}  # fmt: skip
OURS = {RECIPE_COMMENT, DELIVERIES_COMMENT}  # which have readers of their own
BEXT = "<256s32s32s10s8sQH64s5h180x"
DAMAGE = (struct.error, ElementTree.ParseError, LookupError, ValueError)  # the last two: unknown encodings
LOUDNESS = ("loudness", "loudness_range", "true_peak", "momentary", "short_term")


def word_length(path: Path) -> str:
    """libsndfile's name of how samples are stored: ``PCM_16``, ``PCM_24``, ``FLOAT``, ``VORBIS``, ..."""
    return audio_facts(path)[1]


def read_deliveries(path: Path) -> tuple[Delivery, ...]:
    """What was done to the take of a file, in order; nothing where it is the take itself, or does not say. Raises
    :class:`UserError` for what cannot be read."""
    found: bytes | str | None = read_chunk(path, DELIVERIES_CHUNK) or read_comments(path).get(DELIVERIES_COMMENT)
    if found is None:
        return ()
    try:
        return DELIVERIES.validate_json(found)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise UserError(f"{path} carries a delivery that cannot be read ({reason}); deliver the take again") from error


def read_tags(path: Path) -> dict[str, Any]:
    """By kind of chunk: ``bext``, ``ixml``, ``info``, ``loops``, ``cues`` and their ``labels`` of a WAV, ``comments``
    of FLAC and Ogg (but for recipe and deliveries). Kinds that are not there, or are damaged, are left out."""
    found: dict[str, Any] = {}
    readers = {b"bext": _bext, b"iXML": _ixml, b"LIST": _list, LOOP_CHUNK: _loops, b"cue ": _cues}
    for name, payload in read_chunks(path, WANTED):
        try:
            found |= readers[name](payload)
        except DAMAGE:
            continue  # foreign files carry all kinds of chunks; the sound is readable without them
    told = {name: text for name, text in read_comments(path).items() if name not in OURS}
    return found | ({"comments": told} if told else {})


def read_document(path: Path) -> ElementTree.Element | None:
    """The iXML of a WAV, the last where there are several; None where there is none, or it is damaged."""
    found = None
    for _, payload in read_chunks(path, frozenset({b"iXML"})):
        try:
            found = _root(payload)
        except DAMAGE:
            continue
    return found


def _root(payload: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(payload.rstrip(b"\0"))


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _bext(payload: bytes) -> dict[str, Any]:
    fields = struct.unpack_from(BEXT, payload)
    names = ("description", "originator", "reference", "date", "time")
    found: dict[str, Any] = {name: _text(field) for name, field in zip(names, fields, strict=False)}
    found |= {"time_reference": fields[5]} if fields[5] else {}
    found |= {"version": fields[6]} | ({"umid": fields[7].hex()} if any(fields[7]) else {})
    if fields[6] >= 2:
        found |= {name: v / 100 for name, v in zip(LOUDNESS, fields[8:13], strict=True) if v != UNSET}
    return {"bext": found | {"history": _text(payload[struct.calcsize(BEXT) :]).splitlines()}}


def _ixml(payload: bytes) -> dict[str, Any]:
    root = _root(payload)
    found: dict[str, Any] = {}
    for child in root:
        inner: dict[str, Any] = _texts(child)
        for each in child:
            if len(each):
                inner.setdefault(each.tag, []).append(_texts(each))
        found |= {child.tag: inner or (child.text or "").strip()}
    return {"ixml": {name: value for name, value in found.items() if value}}


def _texts(parent: ElementTree.Element) -> dict[str, str]:
    """The children of an element that are texts."""
    return {each.tag: each.text for each in parent if each.text and not len(each)}


def _list(payload: bytes) -> dict[str, Any]:
    parts = list(_parts(payload[4:]))
    if payload[:4] == b"INFO":
        return {"info": {INFO_NAMES.get(name, name): _text(body) for name, body in parts}}
    labels = [_text(body[4:]) for name, body in parts if name == "labl"]  # behind the number of the cue point
    return {"labels": labels} if labels else {}


def _parts(payload: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and payloads of the chunks in a LIST."""
    position = 0
    while position + 8 <= len(payload):
        name, (size,) = payload[position : position + 4], struct.unpack_from("<I", payload, position + 4)
        yield name.decode("latin-1"), payload[position + 8 : position + 8 + size]
        position += 8 + size + size % 2


def _loops(payload: bytes) -> dict[str, Any]:
    count = struct.unpack_from("<I", payload, 28)[0]
    ends = [struct.unpack_from("<II", payload, 36 + 24 * i + 8) for i in range(min(count, len(payload) // 24))]
    return {"loops": [{"start": start, "end": end} for start, end in ends]}


def _cues(payload: bytes) -> dict[str, Any]:
    count = struct.unpack_from("<I", payload)[0]
    points = [struct.unpack_from("<II", payload, 4 + 24 * i)[1] for i in range(min(count, len(payload) // 24))]
    return {"cues": points}
