"""The library: sounds in a folder, what is known of them in SQLite or PostgreSQL."""

from soundctm.server.library.changes import Deletion
from soundctm.server.library.entries import KINDS, Changes, Entry, Kind, Page, Tree
from soundctm.server.library.faults import FULL_ERRNOS, DiskFull, LibraryConflict, LibraryFault, LibraryMiss
from soundctm.server.library.jobs import JobRecord, State
from soundctm.server.library.library import Library
from soundctm.server.library.names import file_name
from soundctm.server.library.recovery import Recovery

__all__ = [
    "FULL_ERRNOS", "KINDS", "Changes", "Deletion", "DiskFull", "Entry", "JobRecord", "Kind", "Library",
    "LibraryConflict", "LibraryFault", "LibraryMiss", "Page", "Recovery", "State", "Tree", "file_name",
]  # fmt: skip
