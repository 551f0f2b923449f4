"""Whatever is added, deleted, undone, restored and purged in whatever order: the library is what a plain dict says."""

import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from soundctm.server.library import Library, LibraryConflict, LibraryMiss
from tests.server.library.makers import check_laws, sound


class Deletions(RuleBasedStateMachine):
    """``deleted`` is None for a living sound, and else the token of its deletion."""

    sounds = Bundle("sounds")
    tokens = Bundle("tokens")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="soundctm-")
        self.library = Library.open(Path(self.folder.name))
        self.deleted: dict[str, str | None] = {}

    def teardown(self) -> None:
        self.library.close()
        self.folder.cleanup()

    @rule(target=sounds)
    def add(self) -> str:
        entry = self.library.add(sound(len(self.deleted)), kind="take")
        self.deleted[entry.id] = None
        return entry.id

    @rule(target=tokens, some=st.lists(sounds, min_size=1, max_size=4))
    def delete(self, some: list[str]) -> str:
        if not set(some) <= set(self.deleted):
            try:
                self.library.delete(some)
            except LibraryMiss:
                return "0" * 32
        living = [identifier for identifier in dict.fromkeys(some) if self.deleted[identifier] is None]
        deletion = self.library.delete(some)
        assert deletion.ids == tuple(living) and (deletion.token is None) == (not living)
        self.deleted |= dict.fromkeys(living, deletion.token)
        return deletion.token or "0" * 32

    @rule(token=tokens)
    def undo(self, token: str) -> None:
        mine = [identifier for identifier, own in self.deleted.items() if own == token]
        try:
            assert [entry.id for entry in self.library.undo(token)] == mine != []
        except LibraryMiss:
            assert mine == []
        self.deleted |= dict.fromkeys(mine)

    @rule(identifier=sounds)
    def restore(self, identifier: str) -> None:
        try:
            self.library.restore([identifier])
            self.deleted[identifier] = None
        except LibraryMiss:
            assert identifier not in self.deleted

    @rule(identifier=consumes(sounds))
    def delete_and_purge(self, identifier: str) -> None:
        if identifier in self.deleted:
            self.library.delete([identifier])
            self.deleted[identifier] = self.deleted[identifier] or "purge"
        gone = {identifier for identifier, token in self.deleted.items() if token is not None}
        assert set(self.library.purge(timedelta(0))[0]) == gone
        self.deleted = {identifier: None for identifier, token in self.deleted.items() if token is None}

    @rule(some=st.lists(sounds, min_size=1, max_size=3, unique=True))
    def purge_some(self, some: list[str]) -> None:
        try:
            assert self.library.purge_some(some)[0] == tuple(some)
            assert all(self.deleted.pop(identifier) is not None for identifier in some)
        except LibraryConflict:
            assert set(some) <= set(self.deleted) and None in [self.deleted[identifier] for identifier in some]
        except LibraryMiss:
            assert not set(some) <= set(self.deleted)

    @rule()
    def open_again(self) -> None:
        self.library.close()
        self.library = Library.open(Path(self.folder.name))
        assert self.library.recovered == type(self.library.recovered)()

    @invariant()
    def library_is_what_the_dict_says(self) -> None:
        entries = check_laws(self.library)
        assert {i: e.deleted is not None for i, e in entries.items()} == {
            i: token is not None for i, token in self.deleted.items()
        }


TestDeletions = Deletions.TestCase
TestDeletions.settings = settings(max_examples=6, stateful_step_count=15, deadline=None)
