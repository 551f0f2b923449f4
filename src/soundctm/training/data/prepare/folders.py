"""Folders: sounds with captions beside them, and the layouts of ESC-50 and ESC-10."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from soundctm.errors import UserError
from soundctm.training.data.prepare.items import Fault, Item, Sound, digest, listing_digest, make_item, printable
from soundctm.training.data.prepare.tables import CAPTION_COLUMNS, GROUP_COLUMNS, LICENCE_COLUMNS, Row, read_rows
from soundctm.training.data.recordings import ESC10_CLASSES

AUDIO_SUFFIXES = frozenset(
    {
        ".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf",
        ".w64", ".rf64", ".voc", ".m4a", ".mp4", ".aac", ".wma",
    }
)  # fmt: skip
CAPTION_SUFFIXES = (".txt", ".json")
ESC10_LICENCE, ESC50_LICENCE = "CC BY 3.0", "CC BY-NC 3.0"


def _value(entry: Row, names: tuple[str, ...]) -> object:
    return next((entry[name] for name in names if name in entry), None)


def json_entry(data: bytes) -> Row | Fault:
    """A JSON object with lower-case names."""
    try:
        entry = json.loads(data.decode("utf-8-sig", "surrogateescape"))
    except (json.JSONDecodeError, RecursionError) as error:
        return Fault("missing_caption", f"the JSON beside it cannot be read: {error}")
    if not isinstance(entry, dict):
        return Fault("missing_caption", "the JSON beside it is not an object with a caption")
    return {str(name).strip().lower(): value for name, value in entry.items()}


def item_beside(name: str, sound: Sound, suffix: str, data: bytes, licence: str) -> Item:
    """An item whose caption file, ``.txt`` or ``.json``, has the content ``data``."""
    if suffix == ".txt":
        return make_item(name, sound, data, licence)
    entry = json_entry(data)
    if isinstance(entry, Fault):
        return Item(printable(name), None, fault=entry)
    said, group = _value(entry, LICENCE_COLUMNS), _value(entry, GROUP_COLUMNS)
    return make_item(
        name, sound, _value(entry, CAPTION_COLUMNS), said if isinstance(said, str) else licence,
        group if isinstance(group, str) else "",
    )  # fmt: skip


def _by_stem(captions: Iterable[str]) -> dict[str, str]:
    """The caption file of each stem; of several, ``.txt`` before ``.json``, and small letters before capitals."""
    found: dict[str, str] = {}
    for name in sorted(captions, key=lambda name: (not name.lower().endswith(CAPTION_SUFFIXES[0]), name.swapcase())):
        found.setdefault(os.path.splitext(name)[0], name)
    return found


@dataclass(frozen=True)
class SidecarSource:
    """A folder, searched to its depth: ``x.wav`` with ``x.txt`` or ``x.json``. A file counts as a sound by its suffix,
    or by having a caption, whatever its suffix; a caption without a sound is an entry that lacks it."""

    folder: Path
    licence: str
    kind: str = "sidecar"

    def _pairs(self, unreadable: list[OSError]) -> Iterator[tuple[Path | None, Path | None]]:
        """Sounds, each with its caption, and after those of a folder the captions that have none; folders that cannot
        be read are added to ``unreadable``."""
        for place, folders, names in os.walk(self.folder, onerror=unreadable.append):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            seen = sorted(name for name in names if not name.startswith("."))
            captions = {name for name in seen if name.lower().endswith(CAPTION_SUFFIXES)}
            of_stem = _by_stem(captions)
            for name in (name for name in seen if name not in captions):
                stem, suffix = os.path.splitext(name)
                beside = of_stem.get(stem)
                if beside is not None or suffix.lower() in AUDIO_SUFFIXES:
                    yield Path(place) / name, None if beside is None else Path(place) / beside
            heard = {os.path.splitext(name)[0] for name in seen if name not in captions}
            yield from ((None, Path(place) / name) for stem, name in of_stem.items() if stem not in heard)

    def has_captions(self) -> bool:
        """Whether any sound has a caption."""
        return any(None not in pair for pair in self._pairs([]))

    def items(self) -> Iterator[Item]:
        """One for each sound and for each caption without one, then one for each folder that cannot be read."""
        unreadable: list[OSError] = []
        for path, caption in self._pairs(unreadable):
            yield self._item(path, caption)
        for refusal in unreadable:
            fault = Fault("unreadable_file", f"this folder cannot be read: {refusal.strerror}")
            yield Item(printable(str(refusal.filename)), None, fault=fault)

    def _item(self, path: Path | None, caption: Path | None) -> Item:
        name = printable(str((path or caption or self.folder).relative_to(self.folder)))
        if path is None:
            return Item(name, None, fault=Fault("missing_file", "a caption, and no sound of this name beside it"))
        if caption is None:
            sentence = printable(f"no {path.stem}.txt or {path.stem}.json beside it")
            return Item(name, None, fault=Fault("missing_caption", sentence))
        try:
            data = caption.read_bytes()
        except OSError as error:
            return Item(name, None, fault=Fault("missing_caption", f"its caption cannot be read: {error.strerror}"))
        return item_beside(name, Sound(path), caption.suffix.lower(), data, self.licence)

    def count(self) -> int:
        unreadable: list[OSError] = []
        return sum(1 for _ in self._pairs(unreadable)) + len(unreadable)

    def fingerprint(self) -> str:
        """Of names and sizes."""
        paths = (path for pair in self._pairs([]) for path in pair if path is not None and path.exists())
        return listing_digest(paths, self.folder)


@dataclass(frozen=True)
class Esc50Source:
    """ESC-50 (Piczak 2015): ``meta/esc50.csv`` and ``audio/``; a class's words are the caption."""

    folder: Path
    only_esc10: bool = False
    folds: frozenset[int] = frozenset()
    kind: str = "esc50"

    @property
    def table(self) -> Path:
        return self.folder / "meta" / "esc50.csv"

    def items(self) -> Iterator[Item]:
        """One for each row that is selected."""
        for number, row in enumerate(read_rows(self.table), 1):
            where = f"{self.table.name}, entry {number}"
            if isinstance(row, Fault):
                yield Item(where, None, fault=row)
                continue
            in_esc10 = str(row.get("esc10")).strip().lower() == "true"
            if (self.only_esc10 and not in_esc10) or not _selected(str(row.get("fold", "")).strip(), self.folds):
                continue
            name, category = str(row.get("filename") or ""), str(row.get("category") or "")
            if not name:
                yield Item(where, None, fault=Fault("missing_file", "this row names no file"))
                continue
            licence = ESC10_LICENCE if in_esc10 else ESC50_LICENCE
            sound = Sound(self.folder / "audio" / name)
            yield make_item(name, sound, category.replace("_", " "), licence, category)

    def count(self) -> int:
        return sum(1 for _ in self.items())

    def fingerprint(self) -> str:
        """Of the table."""
        return digest([self.table.read_bytes()])


@dataclass(frozen=True)
class Esc10Source:
    """ESC-10: a folder per class (``001 - Dog bark``) with files ``FOLD-FREESOUND_ID-TAKE.ogg``."""

    folder: Path
    folds: frozenset[int] = frozenset()
    kind: str = "esc10"

    def _files(self) -> Iterator[tuple[str, Path]]:
        for label in sorted(ESC10_CLASSES):
            for path in sorted((self.folder / label).glob("*")):
                if path.is_file() and not path.name.startswith(".") and _selected(path.name[:1], self.folds):
                    yield label, path

    def items(self) -> Iterator[Item]:
        """One for each file; the first caption of its class."""
        for label, path in self._files():
            group, captions = ESC10_CLASSES[label]
            yield make_item(f"{label}/{path.name}", Sound(path), captions[0], ESC10_LICENCE, group)

    def count(self) -> int:
        return sum(1 for _ in self._files())

    def fingerprint(self) -> str:
        """Of names and sizes."""
        return listing_digest((path for _, path in self._files()), self.folder)


def _selected(fold: str, folds: frozenset[int]) -> bool:
    return not folds or (fold.isdigit() and int(fold) in folds)


def check_folder(folder: Path) -> None:
    """Raises :class:`UserError` unless it is a readable folder."""
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        raise UserError(f"{folder} is no readable folder; give one that exists")
