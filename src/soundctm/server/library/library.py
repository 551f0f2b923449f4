"""The library: every sound that was made or brought in, with its recipe and its descent."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from soundctm.audio import Clip, Recipe
from soundctm.errors import UserError
from soundctm.server.library import changes, jobs, lineage, search
from soundctm.server.library.database import Database
from soundctm.server.library.entries import Changes, Entry, Kind, Page, Tree, check_ids, check_kind, entry_of, miss
from soundctm.server.library.faults import LibraryFault, lost_connection
from soundctm.server.library.files import Label, Shelf, check_clip
from soundctm.server.library.jobs import JobRecord, State
from soundctm.server.library.locks import Owner
from soundctm.server.library.names import clean_name, default_name
from soundctm.server.library.opening import opened
from soundctm.server.library.recovery import Recovery
from soundctm.server.library.rows import find, insert_entry, new_row
from soundctm.server.library.schema import EntryRow, LibraryRow

MAX_PARENTS = 64


class Library:
    """Sounds in files, what is known of them in a database. Made by :meth:`open`.

    Safe from several threads and several processes: every call is a transaction of its own. What has been confirmed
    stays through the end of the process by force; a sound is there with its row and its file, or not at all.
    ``recovered`` says what :meth:`open` had to put right.
    """

    def __init__(self, database: Database, shelf: Shelf, owner: Owner, recovered: Recovery) -> None:
        self.recovered = recovered
        self._database, self._shelf, self._owner = database, shelf, owner

    @classmethod
    def open(cls, folder: str | Path, url: str | None = None) -> "Library":
        """Open the library of a folder, or begin one.

        ``url`` is that of a database elsewhere (``postgresql://...``, ``sqlite:///FILE``); None: ``library.db`` in the
        folder. Tables of an older version are brought up to date. Raises :class:`UserError` for a newer version, a
        database of something else or of another folder; :class:`LibraryFault` for a folder that cannot be written, a
        full disk or a damaged database.
        """
        return cls(*opened(Path(folder), url))

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self._shelf.folder

    @property
    def desk(self) -> Path:
        """A folder for files on their way: what a program leaves there that is ended by force, the next one removes."""
        return self._owner.folder

    def close(self) -> None:
        """Give everything back; a second time does nothing."""
        self._database.close()
        self._owner.release()

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *about: object) -> None:
        self.close()

    # ---- sounds in

    def add(
        self,
        clip: Clip,
        *,
        kind: Kind,
        parents: Iterable[str] = (),
        name: str | None = None,
        embedding: np.ndarray | None = None,
        job: str | None = None,
    ) -> Entry:
        """Keep a sound: its file first, to the disk, then its row.

        ``parents`` are ids of what it was made of, the one to compare it with first; ``name`` None makes one of the
        prompt; ``embedding`` ``[D]`` says how it sounds. Raises :class:`LibraryMiss` for an unknown parent or job,
        :class:`UserError` for a clip, a name or an embedding that cannot be kept, :class:`LibraryFault` for a full
        disk.
        """
        check_clip(clip)
        described = None if embedding is None else changes.embedded(embedding)  # refused before anything is written
        if job is not None:
            jobs.check_id(job)
        label = Label(
            kind=check_kind(kind), parents=check_ids(parents), job=job, created=datetime.now(UTC),
            name=default_name("" if clip.recipe is None else clip.recipe.prompt) if name is None else clean_name(name),
            owner=self._owner.token,
        )  # fmt: skip
        self._check_origin(label)
        row = new_row(uuid.uuid4().hex, clip, label)
        self._shelf.put(row.id, clip, label, self.desk)
        try:
            with self._database.writing() as session:
                insert_entry(session, row, label.parents)
                if described is not None:
                    described(session, row)
                session.flush()
                entry = self._entry(row)
        except BaseException as error:
            self._take_back(row.id, error)
            raise
        return entry

    def _check_origin(self, label: Label) -> None:
        if len(label.parents) > MAX_PARENTS:
            raise UserError(f"{len(label.parents)} parents; at most {MAX_PARENTS} are accepted")
        with self._database.reading() as session:
            find(session, label.parents)
            if label.job is not None:
                jobs.read(session, label.job)

    def _take_back(self, identifier: str, error: BaseException) -> None:
        """Remove the file of a row that was not written. Where nobody can tell whether it was, the file stays, and
        the next :meth:`open` decides."""
        if lost_connection(error):
            return
        with suppress(LibraryFault), self._database.reading() as session:
            if session.get(EntryRow, identifier) is None:
                self._shelf.remove(identifier)

    # ---- sounds out

    def get(self, identifier: str) -> Entry:
        """One sound, deleted or not. Raises :class:`LibraryMiss` when there is none of that id."""
        with self._database.reading() as session:
            return self._entry(find(session, [identifier])[0])

    def clip(self, identifier: str) -> Clip:
        """The samples of a sound, with its recipe."""
        path = self.get(identifier).path
        try:
            return Clip.load(path)
        except (OSError, UserError) as error:
            if path.is_file():
                raise LibraryFault(f"the file of the sound {identifier} cannot be read: {error}") from error
            raise miss(identifier) from error

    def search(
        self,
        text: str = "",
        tags: Iterable[str] = (),
        starred: bool | None = None,
        kind: Kind | None = None,
        deleted: bool = False,
        similar_to: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        """Sounds whose name, prompt and tags hold all words of ``text``, in any order and without regard to case and
        accents, and that have all ``tags``; newest first, or those most alike to ``similar_to`` first.

        ``limit`` (1 to 500) a page; ``cursor`` is that of the page before. What comes in while one turns pages comes
        before the first, so none is seen twice and none is left out. ``deleted`` looks among deleted ones instead, of
        which the latest deletion comes first.
        """
        query = search.Query(
            text, tuple([tags] if isinstance(tags, str) else tags), starred,
            None if kind is None else check_kind(kind), deleted, similar_to, limit, cursor,
        )  # fmt: skip
        with self._database.reading() as session:
            found = search.run(session, query)
            return Page(tuple(self._entry(row) for row in found.rows), found.cursor, found.scores)

    def ancestry(self, identifier: str) -> Tree:
        """What a sound came from, and what came from it."""
        with self._database.reading() as session:
            rows, links, missing = lineage.family(session, identifier)
            return Tree(identifier, tuple(map(self._entry, rows)), tuple(links), tuple(sorted(missing)))

    def sources(self, recipe: Recipe) -> dict[str, Clip]:
        """The recordings that a recipe names and that are here, by digest: what making it again needs."""
        digests = [source.digest for source in recipe.sources]
        with self._database.reading() as session:
            rows = session.scalars(select(EntryRow).where(EntryRow.digest.in_(digests))).all()
        found = {row.digest: row.id for row in rows}
        return {digest: self.clip(identifier) for digest, identifier in found.items()}

    # ---- changes

    def change(
        self,
        identifier: str,
        *,
        name: str | None = None,
        starred: bool | None = None,
        tags: Iterable[str] | None = None,
    ) -> Entry:
        """Another name (one line, up to 120 characters), a star or none, other tags (up to 32 of 40 characters) in
        place of those it has: all of it or nothing; None changes nothing."""
        wanted = [] if name is None else [changes.renamed(name)]
        wanted += [] if starred is None else [changes.starred(starred)]
        wanted += [] if tags is None else [changes.tagged(tags)]
        return self._change(identifier, *wanted)

    def embed(self, identifier: str, embedding: np.ndarray) -> Entry:
        """Say how a sound sounds (``[D]``), or say it anew; similarities to its parent and children follow."""
        return self._change(identifier, changes.embedded(embedding))

    def _change(self, identifier: str, *wanted: changes.Change) -> Entry:
        with self._database.writing() as session:
            return self._entry(changes.apply(session, identifier, *wanted))

    def delete(self, ids: Iterable[str]) -> changes.Deletion:
        """Delete sounds, all of them or none; with the token that :meth:`undo` takes. Files stay until they are
        purged."""
        with self._database.writing() as session:
            return changes.delete(session, ids)

    def undo(self, token: str) -> tuple[Entry, ...]:
        """Take one deletion back; what came back. Raises :class:`LibraryMiss` when nothing of it is left to undo."""
        with self._database.writing() as session:
            return tuple(map(self._entry, changes.undo(session, token)))

    def restore(self, ids: Iterable[str]) -> tuple[Entry, ...]:
        """Take the deletion of sounds back, whenever they were deleted; all of them or none."""
        with self._database.writing() as session:
            return tuple(map(self._entry, changes.restore(session, ids)))

    def purge(self, older_than: timedelta) -> tuple[tuple[str, ...], int]:
        """Remove for good what was deleted so long ago or longer; the ids, and the bytes of the files. Rows go first:
        what a killed process leaves is a file of a purged sound, which :meth:`open` removes."""
        with self._database.writing() as session:
            purged = changes.purge(session, older_than)
        return tuple(purged), sum(map(self._shelf.remove, purged))

    def purge_some(self, ids: Iterable[str]) -> tuple[tuple[str, ...], int]:
        """Remove these sounds for good, all of them or none; the ids, and the bytes of their files. Raises
        :class:`LibraryConflict` for one that is not deleted."""
        with self._database.writing() as session:
            purged = changes.purge_some(session, ids)
        return tuple(purged), sum(map(self._shelf.remove, purged))

    @property
    def serial(self) -> int:
        """The number of the last change; cheap, to be asked again and again."""
        with self._database.reading() as session:
            return session.scalars(select(LibraryRow.serial)).one()

    def changes_since(self, serial: int) -> Changes:
        """What changed after that number, by whatever process; 0 for everything."""
        with self._database.reading() as session:
            return changes.since(session, serial)

    # ---- jobs

    def save_job(self, kind: str, request: Mapping[str, Any], identifier: str | None = None) -> JobRecord:
        """Keep a new job, queued, with what was asked for; ``identifier`` (32 hex digits) is drawn when left out."""
        with self._database.writing() as session:
            return jobs.save(session, kind, request, self._owner.token, identifier)

    def update_job(self, identifier: str, state: State, error: str | None = None) -> JobRecord:
        """Move a job on. Raises :class:`LibraryConflict` when it has ended already."""
        with self._database.writing() as session:
            return jobs.move(session, identifier, state, error)

    def job(self, identifier: str) -> JobRecord:
        """One job. Raises :class:`LibraryMiss` when there is none of that id."""
        with self._database.reading() as session:
            return jobs.read(session, identifier)

    def interrupt_jobs(self) -> tuple[str, ...]:
        """Mark what programs left unfinished that have ended since this one was opened; the ids of those jobs."""
        with self._database.reading() as session:
            dead = jobs.left_behind(session, self._shelf.incoming)
        if not dead:
            return ()
        with self._database.writing() as session:
            return jobs.interrupt(session, dead)

    def jobs(self, states: Collection[State] = (), limit: int = 100) -> tuple[JobRecord, ...]:
        """Jobs in any of these states (none given: all), newest first."""
        with self._database.reading() as session:
            return jobs.newest(session, states, limit)

    def _entry(self, row: EntryRow) -> Entry:
        return entry_of(row, self._shelf.path(row.id))
