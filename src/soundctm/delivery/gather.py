"""What a file says of its sound, gathered for the file that is made of it (:class:`Carried`)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from soundctm.audio.comments import flac_blocks
from soundctm.audio.io import LIST_CHUNK, LOOP_CHUNK, RECIPE_CHUNK, audio_facts, chunk_names
from soundctm.audio.origin import MADE_BY, RIGHTS, SYNTHETIC
from soundctm.delivery.carried import UCS_CATEGORY, UCS_NAMES, Carried, without
from soundctm.delivery.chunks import GAME_NAMES, ORIGINATOR, plain
from soundctm.delivery.reading import INFO_NAMES, read_document, read_tags
from soundctm.delivery.tags import COMMENTS, DELIVERIES_CHUNK, UNKNOWN_ORIGIN

WRITTEN = {b"bext", b"iXML", LIST_CHUNK, RECIPE_CHUNK, DELIVERIES_CHUNK, b"fmt ", b"fact", b"data"}
EMPTY = {b"JUNK", b"junk", b"FLLR", b"PAD ", b"PEAK", b"filr"}  # padding, and the peak of the samples as they were
LOOPS = {LOOP_CHUNK, b"cue "}
OF_SAMPLES = {"LOOPSTART", "LOOPLENGTH"}  # comments
REPLAY_GAIN = "REPLAYGAIN_"  # begins comments on the level as it was
FLAC_KINDS = {2: "application data", 5: "cue sheet", 6: "picture"}
NO_DATE = date(1970, 1, 1)  # what earlier versions wrote where nobody gave one
SIGNS = re.compile("[-_:. /]")  # that EBU Tech 3285 has between the figures of dates and times


def gather(path: Path, prompt: str = "", loops: bool = False) -> Carried:
    """What goes along; ``prompt`` is that of the sound's recipe, ``loops`` whether its loop points are made anew."""
    tags = read_tags(path)
    bext, info, told = tags.get("bext", {}), tags.get("info", {}), tags.get("comments", {})
    root = read_document(path)
    user = _user(root)
    told_ucs = {name: user.get(name) or told.get(name, "") for name in (*UCS_CATEGORY, *UCS_NAMES)}
    ucs = {name: text for name, text in told_ucs.items() if text}
    title = info.get("title") or told.get("TITLE") or user.get("FULLTITLE", "")
    texts = {
        "info": info.get("comment"), "bext": bext.get("description") or told.get("DESCRIPTION"),
        "ixml": None if root is None else root.findtext("NOTE"), "comments": told.get("COMMENT"),
    }  # fmt: skip
    found = {kind: _by_others(text or "", (title, prompt)) for kind, text in texts.items()}
    return Carried(
        title=title, creator=info.get("artist") or told.get("ARTIST", ""),
        project=(None if root is None else root.findtext("PROJECT")) or told.get("ALBUM", ""),
        copyright=_before(info.get("copyright") or told.get("COPYRIGHT", ""), RIGHTS, "; "),
        licence=user.get("LICENCE") or told.get("LICENSE", ""), when=_date(tags), ucs=ucs,
        keywords=_keywords(info.get("keywords") or told.get("GENRE", ""), ucs),
        remarks={kind: text for kind, text in found.items() if text},
        originator="" if bext.get("originator") == ORIGINATOR else bext.get("originator", ""),
        reference=bext.get("reference", ""), history=tuple(bext.get("history", ())),
        time_reference=bext.get("time_reference", 0), umid=bytes.fromhex(bext.get("umid", "")),
        ixml=None if root is None else _of_others(root, mirrored="bext" in tags),
        info={name: text for name, text in info.items() if name not in INFO_NAMES.values() and text},
        comments={name: text for name, text in told.items() if not _rewritten(name)},
        dropped=tuple(_dropped(path, tags, loops)), sample_rate=audio_facts(path)[0],
    )  # fmt: skip


def _user(root: ElementTree.Element | None) -> dict[str, str]:
    part = None if root is None else root.find("USER")
    return {} if part is None else {each.tag: (each.text or "").strip() for each in part}


def _of_others(root: ElementTree.Element, mirrored: bool) -> ElementTree.Element:
    """The document without what is written anew, and without its mirror of the chunk ``bext``."""
    without(root, ("IXML_VERSION", "PROJECT", "NOTE", "LOUDNESS", *(["BEXT"] if mirrored else [])))
    game = (*GAME_NAMES.values(), "contentType", "project", "notes", "loudness", "loudnessRange", "maxPeak")
    ours = ("FULLTITLE", *UCS_CATEGORY, *UCS_NAMES, "SYNTHETIC", "MODEL", "MODEL_HASH", "LICENCE")
    for name, fields in (("USER", ours), ("ASWG", game), ("SPEED", ("FILE_SAMPLE_RATE", "AUDIO_BIT_DEPTH"))):
        if (part := root.find(name)) is not None:
            without(part, fields)
    return root


def _rewritten(name: str) -> bool:
    return name in COMMENTS or name in OF_SAMPLES or name == "DESCRIPTION" or name.startswith(REPLAY_GAIN)


def _before(text: str, mark: str, joint: str) -> str:
    """What stands before a mark and the joint to it."""
    return text.partition(mark)[0].removesuffix(joint).strip()


def _by_others(text: str, own: Sequence[str]) -> str:
    """A text without our sentence on the origin, and without what we put in front of that: the prompt or the title."""
    head = _before(_before(text, MADE_BY, " | "), UNKNOWN_ORIGIN, " | ")
    made = head != text.strip() and any(plain(each).startswith(plain(head)) for each in own)
    return "" if made else head


def _keywords(text: str, ucs: Mapping[str, str]) -> tuple[str, ...]:
    """Keywords but for those that follow from the rest."""
    known = {ucs.get("CATEGORY"), ucs.get("SUBCATEGORY"), SYNTHETIC}
    return tuple(word for word in map(str.strip, text.split(";")) if word and word not in known)


def _dates(tags: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Days and times that a file tells, the best first."""
    bext = tags.get("bext", {})
    others = (tags.get("info", {}).get("date", ""), tags.get("comments", {}).get("DATE", ""))
    return [each for each in ((bext.get("date", ""), bext.get("time", "")), *((day, "") for day in others)) if each[0]]


def _date(tags: Mapping[str, Any]) -> datetime | None:
    """The date of the sound, in UTC as ours are, at midnight where no time is told."""
    for day, time in _dates(tags):
        text = f"{SIGNS.sub('-', day)}T{SIGNS.sub(':', time) or '00:00:00'}"
        try:
            found = datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            continue  # a year alone, or words
        if found.date() != NO_DATE:
            return found
    return None


def _dropped(path: Path, tags: Mapping[str, Any], loops: bool) -> Iterator[str]:
    """What the new file cannot hold, or could not be read."""
    names = chunk_names(path)
    known = WRITTEN | EMPTY | (LOOPS if loops else set())
    yield from (f"chunk {name.decode('latin-1').strip()}" for name in dict.fromkeys(names) if name not in known)
    damaged = {b"bext": "bext", b"iXML": "ixml"}
    yield from (
        f"chunk {name.decode()} (damaged)" for name, key in damaged.items() if name in names and key not in tags
    )
    if _date(tags) is None:
        yield from (f"date {day}" for day in dict.fromkeys(day for day, _ in _dates(tags)) if day != str(NO_DATE))
    if not loops:
        yield from ["labels of cue points"] if "labels" in tags else []
        yield from (f"comment {name}" for name in tags.get("comments", {}) if name in OF_SAMPLES)
    yield from (f"comment {name}" for name in tags.get("comments", {}) if name.startswith(REPLAY_GAIN))
    yield from dict.fromkeys(FLAC_KINDS[kind] for kind in flac_blocks(path) if kind in FLAC_KINDS)
