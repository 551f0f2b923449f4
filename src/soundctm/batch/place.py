"""The folder of a batch: whose it is, what may be written there, what must go."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from soundctm.batch.journal import Journal
from soundctm.errors import UserError
from soundctm.locks import try_lock

STATE = ".soundctm-batch"
SOUNDS, PICTURES = "sounds", "pictures"
REPORT, SHEET = "report.csv", "index.html"
_PARTIAL = re.compile(r"\.(.+)\.[0-9a-f]{8}\.partial")


class Place:
    """A folder that a run holds alone, with its journal."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder, self.journal = folder, journal

    def claim(self, files: Iterable[str]) -> None:
        """Say what is going to be written. Raises :class:`UserError` where a file of that name is somebody else's."""
        planned = {*files, REPORT, SHEET}
        foreign = sorted(name for name in planned - self.journal.owned if (self.folder / name).exists())
        if foreign:
            raise UserError(
                f"{self.folder / foreign[0]} is there already and no batch made it; move it, or choose another folder "
                "with --out"
            )
        self.journal.own(planned)
        for name in (SOUNDS, PICTURES):
            (self.folder / name).mkdir(exist_ok=True)

    def intact(self, files: dict[str, str]) -> bool:
        """Whether all these files are there as they were written."""
        return all(self._digest(name) == digest for name, digest in files.items())

    def _digest(self, name: str) -> str | None:
        path = self.folder / name
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def keep_only(self, files: Iterable[str]) -> None:
        """Remove what runs in this folder have made, but for these files; what others put there stays."""
        for name in self.journal.owned - {*files, REPORT, SHEET}:
            (self.folder / name).unlink(missing_ok=True)
        for folder in (self.folder, self.folder / SOUNDS, self.folder / PICTURES):
            for path in folder.glob(".*.partial"):
                match = _PARTIAL.fullmatch(path.name)
                if match and (folder / match.group(1)).relative_to(self.folder).as_posix() in self.journal.owned:
                    path.unlink(missing_ok=True)


@contextmanager
def held(folder: Path) -> Iterator[Place]:
    """The folder, made where it is missing, for this run alone.

    Raises :class:`UserError` while another run holds it, and for a folder with files in it that is no batch's.
    """
    state = folder / STATE
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
