"""The folder of a batch: whose it is, what may be written there, what must go."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from soundctm.audio.io import write_atomically
from soundctm.batch.journal import Journal
from soundctm.errors import UserError
from soundctm.locks import try_lock

STATE = ".soundctm-batch"
SOUNDS, PICTURES = "sounds", "pictures"
REPORT, SHEET = "report.csv", "index.html"
_PARTIAL = re.compile(r"\.(.+)\.[0-9a-f]{8}\.partial")


@dataclass(frozen=True)
class Owner:
    """Whose sounds a folder holds, by a ``name``. ``sure``: what comes under that name is always one sheet or set,
    which may change; a sheet from the standard input may be another one each time."""

    name: str
    sure: bool = True


class Place:
    """A folder that a run holds alone, with its journal. Nothing is written over or removed that is not, byte for byte,
    what a run of this folder wrote. ``added`` and ``changed`` are files that this run wrote where there was none, and
    over an older one of its name."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder, self.journal = folder, journal
        self.added, self.changed = set[str](), set[str]()
        self._found: dict[str, str] = {}

    def claim(self, owner: Owner, rows: Mapping[str, Iterable[str]], remove: bool = False) -> None:
        """Make ready for what is going to be written, the files of each row by its key. Raises :class:`UserError` where
        the folder is another's or too much would go, unless ``remove`` says that this is meant, and where one of the
        files is not, or not any more, what runs here have written."""
        for name in (SOUNDS, PICTURES):
            check_own(self.folder / name)
        made = {REPORT, SHEET, *(name for names in rows.values() for name in names)}
        digests = {name: self._digest(name) for name in sorted({*made, *self.journal.written})}
        self._found = {name: digest for name, digest in digests.items() if digest is not None}
        if not remove:
            self._check_owner(owner)
            self._check_loss(owner, rows.keys(), made)
        there = sorted(made & self._found.keys())
        if foreign := [name for name in there if not self.journal.wrote(name, self._found[name])]:
            raise self._foreign(foreign)
        self.journal.belong(owner.name)
        for name in (SOUNDS, PICTURES):
            (self.folder / name).mkdir(exist_ok=True)

    def _check_owner(self, owner: Owner) -> None:
        if self.journal.owner not in ("", owner.name):
            raise UserError(
                f"{self.folder} holds the sounds of {self.journal.owner}, which {owner.name} would remove; choose "
                "another folder with --out, put both into one sheet, or give --remove if that is meant"
            )

    def _check_loss(self, owner: Owner, rows: Set[str], made: Set[str]) -> None:
        """What lies here may be another sheet's, though it go by the same name: nothing of it is lost to a sheet
        without a name of its own, nor more than half of its rows to any."""
        lying: dict[str, set[str]] = {}
        for entry in self.journal.entries.values():
            if entry.files and self.intact(entry.files):
                lying.setdefault(entry.row, set()).update(entry.files)
        kept = {name for key, names in lying.items() if key in rows for name in names}
        lost = {name for names in lying.values() for name in names if name.startswith(SOUNDS)} - kept
        if lost and not owner.sure:
            raise UserError(
                f"{owner.name} would change or remove {len(lost)} of the sounds in {self.folder}, which may be another "
                "sheet's; choose another folder with --out, give --remove if that is meant, and for a sheet that is to "
                "change an --id from the beginning"
            )
        known = {frozenset(names) for names in lying.values()}
        gone = [names for names in known if names.isdisjoint(made)]
        if 2 * len(gone) > len(known):
            raise UserError(
                f"{owner.name} would remove the sounds of {len(gone)} of the {len(known)} rows in {self.folder}; give "
                "--remove if that is meant, or choose another folder with --out"
            )

    def _foreign(self, names: Sequence[str]) -> UserError:
        known = names[0] in self.journal.written
        why = "was changed after it was made" if known else "is there already and no batch made it"
        more = f" (and {len(names) - 1} more are like it)" if len(names) > 1 else ""
        return UserError(
            f"{self.folder / names[0]} {why}{more}; it is never written over: move it away, or choose another folder "
            "with --out"
        )

    def intact(self, files: dict[str, str]) -> bool:
        """Whether all these files, which were claimed, were there as they were written."""
        return all(self._found.get(name) == digest for name, digest in files.items())

    def _digest(self, name: str) -> str | None:
        """SHA-256 of what is there, "" of what is no file."""
        path = self.folder / name
        if not path.is_file():
            return "" if os.path.lexists(path) else None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def write(self, name: str, data: bytes) -> str:
        """Write a file; its SHA-256. Raises :class:`UserError` where something else lies there by now."""
        digest, there = hashlib.sha256(data).hexdigest(), self._digest(name)
        if there == digest:
            return digest
        if there is not None and not self.journal.wrote(name, there):
            raise self._foreign([name])
        self.journal.writes({name: digest})
        write_atomically(self.folder / name, lambda file: file.write(data))
        (self.added if there is None else self.changed).add(name)
        return digest

    def keep_only(self, files: Iterable[str]) -> tuple[str, ...]:
        """Remove what runs in this folder have made, but for these files; which they were. What others put there, or
        have changed, stays and is theirs."""
        self._sweep()
        stale = sorted(self.journal.written.keys() - {*files, REPORT, SHEET})
        removed = [name for name in stale if self.journal.wrote(name, self._digest(name) or "")]
        for name in removed:
            (self.folder / name).unlink()
        self.journal.leaves(stale)
        return tuple(removed)

    def _sweep(self) -> None:
        """Remove the halves of files that a run was writing when it was cut off."""
        for folder in (self.folder, self.folder / SOUNDS, self.folder / PICTURES):
            for path in folder.glob(".*.partial"):
                match = _PARTIAL.fullmatch(path.name)
                if match and (folder / match.group(1)).relative_to(self.folder).as_posix() in self.journal.written:
                    path.unlink(missing_ok=True)


def check_own(folder: Path) -> None:
    """Raise :class:`UserError` for a folder that lies elsewhere, where a run has nothing to write or to remove."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        what = "a link to another place" if folder.is_symlink() else "a file"
        raise UserError(f"{folder} is {what}, where a batch has a folder; move it away, or choose another with --out")


@contextmanager
def held(folder: Path) -> Iterator[Place]:
    """The folder, made where it is missing, for this run alone.

    Raises :class:`UserError` while another run holds it, and for a folder with files in it that is no batch's.
    """
    state = folder / STATE
    check_own(state)
    if folder.is_dir() and not state.is_dir() and any(folder.iterdir()):
        raise UserError(f"{folder} holds files that no batch made; choose an empty folder with --out")
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("ab") as lock:
        if not try_lock(lock):
            raise UserError(f"another run is at work in {folder}; wait for it, or choose another folder with --out")
        journal = Journal(state / "journal.jsonl")
        try:
            yield Place(folder, journal)
        finally:
            journal.close()
