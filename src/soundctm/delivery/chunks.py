"""RIFF chunks of a delivered WAV: bext, iXML, LIST INFO, cue points; each a payload of bytes."""

import struct
import unicodedata
from collections.abc import Mapping
from xml.etree import ElementTree

from soundctm.audio.io import LIST_CHUNK, LOOP_CHUNK, RECIPE_CHUNK, info_chunk, list_chunk, loop_chunk
from soundctm.audio.origin import clean
from soundctm.delivery.process import DELIVERIES, Delivered
from soundctm.delivery.tags import DELIVERIES_CHUNK, Tags, loudness_fields

BEXT_VERSION = 2  # EBU Tech 3285, with loudness
UNSET = 0x7FFF  # a loudness value that was not measured, or lies beyond what the standard accepts
WIDEST = 99.99  # LUFS, LU and dBTP, to either side
ABOUT_LENGTH = 120  # characters of prompt or title in ``bext``, so that the sentence on the origin has room behind it
IXML_VERSION = "3.01"
ORIGINATOR = "soundctm"
WORD_LENGTHS = {"wav16": 16, "wav24": 24, "wav32f": 32}
GAME_NAMES = {  # of UCS fields, in ASWG
    "CATEGORY": "category", "SUBCATEGORY": "subCategory", "CATID": "catId", "FXNAME": "fxName",
    "CREATORID": "creatorId", "SOURCEID": "sourceId", "USERDATA": "userData",
}  # fmt: skip
CUES = ("loop start", "loop end")


def plain(text: str) -> str:
    """A text in ASCII, as EBU Tech 3285 wants it: accents fall away, what has no likeness becomes a question mark."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.encode("ascii", "replace").decode()


def _fixed(text: str, size: int) -> bytes:
    return plain(text).encode()[:size].ljust(size, b"\0")


def _field(text: str) -> str:
    """A text inside a line of the coding history, whose fields commas part."""
    return clean(text).replace(",", ";")


def _hundredths(value: float | None) -> int:
    return UNSET if value is None or abs(value) > WIDEST else round(100 * value)


def coding_history(delivered: Delivered, tags: Tags) -> str:
    """A line for the take as it was made, or those of the file that it came from; and one for what was done (EBU
    R 98)."""
    clip, report = delivered.clip, delivered.report
    channels = "mono" if len(clip.samples) == 1 else "stereo"
    lines = list(tags.carried.history)
    if tags.origin is not None and not lines:
        made = f"T={_field(tags.origin.software)}; model {_field(tags.origin.model)}; synthetic"
        lines.append(f"A=PCM,F={tags.origin.recipe.sample_rate},W=32,M=mono,{made}")
    depth = WORD_LENGTHS[delivered.delivery.format]
    done = [*report.steps, *(["TPDF dither"] if depth == 16 else [])]
    done += ["loudness ungated (under 400 ms)"] if report.after.ungated else []
    lines.append(f"A=PCM,F={clip.sample_rate},W={depth},M={channels},T={'; '.join(done) or 'unchanged'}")
    return "".join(plain(line) + "\r\n" for line in lines)


def bext(delivered: Delivered, tags: Tags) -> bytes:
    """The broadcast extension (EBU Tech 3285 v2): what, by whom, when (UTC), how loud, how made."""
    origin, carried = tags.origin, tags.carried
    digest = delivered.clip.digest
    reference = carried.reference or digest if origin is None else f"{origin.recipe.model_hash[:15]}-{digest}"
    figures = loudness_fields(delivered.report.after)
    names = (
        "LOUDNESS_VALUE", "LOUDNESS_RANGE", "MAX_TRUE_PEAK_LEVEL", "MAX_MOMENTARY_LOUDNESS", "MAX_SHORT_TERM_LOUDNESS",
    )  # fmt: skip
    values = [_hundredths(figures.get(name)) for name in names]
    head = (
        _fixed(_description(tags), 256), _fixed(_originator(tags), 32), _fixed(reference, 32),
        _fixed(tags.day, 10), _fixed(tags.time, 8), carried.time_in(delivered), BEXT_VERSION, carried.umid,
    )  # fmt: skip
    packed = struct.pack("<256s32s32s10s8sQH64s5h180x", *head, *values)
    return packed + coding_history(delivered, tags).encode()


def _description(tags: Tags) -> str:
    """What libraries search: what others wrote there, else the prompt, else the title; then the origin."""
    if tags.origin is None:
        theirs = clean(tags.carried.remark("bext"))
        return theirs or f"{plain(tags.title)[:ABOUT_LENGTH]} | {tags.statement}"
    about = clean(tags.carried.remarks.get("bext", "") or tags.origin.recipe.prompt) or tags.title
    return f"{plain(about)[:ABOUT_LENGTH]} | {tags.origin.making}"


def _originator(tags: Tags) -> str:
    """The creator who is given, whom the file named, or us where we made it."""
    given = tags.creator if tags.creator != clean(tags.carried.creator) else ""
    return given or tags.carried.originator or tags.creator or ("" if tags.origin is None else ORIGINATOR)


def _add(parent: ElementTree.Element, fields: Mapping[str, str]) -> None:
    for name, text in fields.items():
        if text:
            ElementTree.SubElement(parent, name).text = text


def ixml(delivered: Delivered, tags: Tags) -> bytes:
    """The iXML document in UTF-8: project, note, tracks, loudness, and the UCS fields twice, as ``USER`` and as
    ``ASWG`` (the extension of game audio), since libraries read one or the other."""
    root = tags.carried.document(delivered)
    root = ElementTree.Element("BWFXML") if root is None else root
    note = tags.remark("ixml")
    _add(root, {"IXML_VERSION": IXML_VERSION, "PROJECT": tags.project, "NOTE": note})
    speed = _part(root, "SPEED")
    depth = str(WORD_LENGTHS[delivered.delivery.format])
    _add(speed, {"FILE_SAMPLE_RATE": str(delivered.clip.sample_rate), "AUDIO_BIT_DEPTH": depth})
    figures = {name: f"{value:.2f}" for name, value in loudness_fields(delivered.report.after).items()}
    _add(_part(root, "LOUDNESS"), figures)
    _tracks(root, len(delivered.clip.samples))
    origin = {} if tags.origin is None else {
        "SYNTHETIC": "yes", "MODEL": clean(tags.origin.model_name), "MODEL_HASH": clean(tags.origin.recipe.model_hash),
        "LICENCE": clean(tags.origin.licence),
    }  # fmt: skip
    _add(_part(root, "USER"), {"FULLTITLE": tags.title, **tags.ucs_fields, **origin})
    _add(_part(root, "ASWG"), _game_fields(tags, figures))
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="utf-8")


def _game_fields(tags: Tags, figures: Mapping[str, str]) -> dict[str, str]:
    return {
        "contentType": "sfx", "project": tags.project, "notes": tags.remark("ixml"),
        **{GAME_NAMES[name]: text for name, text in tags.ucs_fields.items() if name in GAME_NAMES},
        "loudness": figures.get("LOUDNESS_VALUE", ""), "loudnessRange": figures.get("LOUDNESS_RANGE", ""),
        "maxPeak": figures.get("MAX_TRUE_PEAK_LEVEL", ""),
    }  # fmt: skip


def _part(root: ElementTree.Element, name: str) -> ElementTree.Element:
    """A part of the document, which may be there."""
    found = root.find(name)
    return ElementTree.SubElement(root, name) if found is None else found


def _tracks(root: ElementTree.Element, channels: int) -> None:
    """The list of tracks; one that is there is kept as long as it is right."""
    tracks = _part(root, "TRACK_LIST")
    if len(tracks.findall("TRACK")) == channels:
        return
    tracks.clear()
    _add(tracks, {"TRACK_COUNT": str(channels)})
    for number, name in enumerate(("Mono",) if channels == 1 else ("Left", "Right"), start=1):
        track = ElementTree.SubElement(tracks, "TRACK")
        _add(track, {"CHANNEL_INDEX": str(number), "INTERLEAVE_INDEX": str(number), "NAME": name})


def info(tags: Tags) -> bytes:
    """LIST INFO."""
    software = ORIGINATOR if tags.origin is None else tags.origin.software
    others = {name.encode("latin-1"): clean(text) for name, text in tags.carried.info.items()}
    return info_chunk({
        b"INAM": tags.title, b"IART": tags.creator, b"ICMT": tags.remark("info", "comments"), b"ICRD": tags.day,
        b"ISFT": software, b"IKEY": "; ".join(tags.all_keywords), b"ICOP": tags.rights, **others,
    })  # fmt: skip


def cues(length: int) -> bytes:
    """Cue points at the first and the last of so many samples."""
    points = [struct.pack("<II4sIII", i, at, b"data", 0, 0, at) for i, at in enumerate((0, length - 1), start=1)]
    return struct.pack("<I", len(points)) + b"".join(points)


def cue_labels() -> bytes:
    """LIST adtl: what the cue points are called."""
    labels = [struct.pack("<I", i) + text.encode() + b"\0" for i, text in enumerate(CUES, start=1)]
    return b"adtl" + b"".join(list_chunk(b"", {b"labl": label}) for label in labels)


def chunks_before(delivered: Delivered, tags: Tags) -> list[tuple[bytes, bytes]]:
    """What stands before the samples, where a reader of a stream meets it first."""
    return [(b"bext", bext(delivered, tags)), (b"iXML", ixml(delivered, tags)), (LIST_CHUNK, info(tags))]


def chunks_behind(delivered: Delivered, tags: Tags) -> list[tuple[bytes, bytes]]:
    """Loop points, the recipe, and what was done to the take."""
    clip, found = delivered.clip, list[tuple[bytes, bytes]]()
    length = clip.samples.shape[1]
    if clip.loops:
        found += [(LOOP_CHUNK, loop_chunk(length, clip.sample_rate))]
        found += [(b"cue ", cues(length)), (LIST_CHUNK, cue_labels())]
    if tags.origin is not None:
        found.append((RECIPE_CHUNK, tags.origin.recipe.model_dump_json().encode()))
        found.append((DELIVERIES_CHUNK, DELIVERIES.dump_json(delivered.deliveries)))
    return found
