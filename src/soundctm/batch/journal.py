"""What a run has done, line by line, so that the next one goes on from there."""

import base64
import json
import os
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from soundctm.errors import UserError

Key = tuple[str, int, int]
FORM = 9  # of what is written: another one makes every row anew
_OWN = re.compile(r"(?:(?!\.)[^/\\]+/)?(?!\.)[^/\\]+")  # a file of the folder or of one inside it; runs may remove it


@dataclass(frozen=True)
class Entry:
    """One try at a take: ``row`` is the key of its order. ``reason`` is "" where it was kept; ``files`` are what was
    written then, by their paths in the folder, with the SHA-256 of each; ``figures`` go into the report. ``variation``
    and ``share`` are those of its last turn."""

    row: str
    slot: int
    attempt: int
    seed: int
    audition: int | None
    variation: int
    share: float
    reason: str
    figures: dict[str, Any]
    embedding: str
    files: dict[str, str]

    @property
    def kept(self) -> bool:
        return not self.reason

    @property
    def key(self) -> Key:
        return self.row, self.slot, self.attempt

    @property
    def vector(self) -> np.ndarray | None:
        """The embedding; None of silence."""
        return np.frombuffer(base64.b64decode(self.embedding), "<f4") if self.embedding else None


def as_text(embedding: np.ndarray | None) -> str:
    """An embedding as an entry holds it."""
    return "" if embedding is None else base64.b64encode(embedding.astype("<f4").tobytes()).decode()


class Journal:
    """An append-only file of JSON lines, each on the disk before the next is begun. Whoever holds it has the folder's
    lock; several of its threads may write.

    ``owner`` is whose sounds these are, "" before anybody's. ``written`` are the SHA-256 of everything that runs have
    written under a name: what reads otherwise is somebody else's. Each is noted before its file is written, so that a
    run that is cut off anywhere leaves nothing that the next one does not know.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: dict[Key, Entry] = {}
        self.owner = ""
        self.written: dict[str, set[str]] = {}
        self._lock = threading.Lock()
        whole = self._read() if path.exists() else 0
        self._file = path.open("ab")
        if self._file.tell() != whole:  # the last line was being written when a run ended
            self._file.truncate(whole)
            self._file.seek(whole)

    def _read(self) -> int:
        """Take in all whole lines; how many bytes they are."""
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        for number, line in enumerate(data[:whole].splitlines(), 1):
            try:
                self._note(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise UserError(
                    f"line {number} of {self.path} cannot be read ({error}); move the folder away, or choose another "
                    "with --out"
                ) from error
        return whole

    def _note(self, fact: dict[str, Any]) -> None:
        if odd := [name for name in fact.get("files", ()) if not _OWN.fullmatch(name)]:
            raise ValueError(f"{odd[0]!r} is no file of a batch")
        match fact["kind"]:
            case "for":
                self.owner = str(fact["owner"])
            case "writes":
                for name, digest in fact["files"].items():
                    self.written.setdefault(name, set()).add(digest)
            case "leaves":
                for name in fact["files"]:
                    self.written.pop(name, None)
            case "try" if fact.get("form") == FORM:  # what tries of another version came to is found out anew
                entry = Entry(**{key: value for key, value in fact.items() if key not in ("kind", "form")})
                self.entries[entry.key] = entry
            case "try":
                pass
            case other:
                raise ValueError(f"{other!r} is not known here")

    def _append(self, fact: dict[str, Any]) -> None:
        with self._lock:
            self._file.write(json.dumps(fact, separators=(",", ":")).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._note(fact)

    def belong(self, owner: str) -> None:
        """Say whose sounds these are going to be."""
        if owner != self.owner:
            self._append({"kind": "for", "owner": owner})

    def wrote(self, name: str, digest: str) -> bool:
        """Whether a run has written this, and not left it to somebody else since."""
        return digest in self.written.get(name, ())

    def writes(self, files: Mapping[str, str]) -> None:
        """Say what is going to be written, by name."""
        if new := {name: digest for name, digest in files.items() if not self.wrote(name, digest)}:
            self._append({"kind": "writes", "files": new})

    def leaves(self, files: Iterable[str]) -> None:
        """Say that what is found under these names from now on is not of this folder's runs."""
        if old := sorted(files):
            self._append({"kind": "leaves", "files": old})

    def add(self, entry: Entry) -> None:
        """Keep what came of a try."""
        self._append({"kind": "try", "form": FORM, **asdict(entry)})

    def close(self) -> None:
        """Give the file back."""
        self._file.close()
