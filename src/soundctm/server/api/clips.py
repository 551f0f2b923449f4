"""The sounds of the library: found, changed, deleted and brought back."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from soundctm.errors import UserError
from soundctm.server.api.parts import LibraryPart, ManyIds, OnlyJson, some
from soundctm.server.api.wire import (
    ClipBody,
    ClipsBody,
    PageBody,
    PurgedBody,
    TreeBody,
    UndoBody,
    clip_body,
    clips_body,
    purged_body,
    undo_body,
)
from soundctm.server.library import Entry, Kind, Library, LibraryMiss
from soundctm.server.values import Values

router = APIRouter(prefix="/v1", tags=["clips"])


class Search(Values):
    """What is looked for; every word and every tag must be there. With ``ids`` nothing is looked for: those sounds are
    given that there are, deleted or not, in that order."""

    ids: tuple[str, ...] = Field((), max_length=200, description="Ids of sounds; nothing else may be asked with them.")
    text: str = Field("", description="Words of the name, the prompt or the tags.")
    tag: tuple[str, ...] = ()
    starred: bool | None = None
    kind: Kind | None = None
    deleted: bool = Field(False, description="Those that are deleted instead, the latest deletion first.")
    similar_to: str | None = Field(None, description="Id of a sound: most alike first.")
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, description="``next_cursor`` of the page before.")


class Change(Values):
    """What is to be other than before."""

    name: str | None = None
    starred: bool | None = None
    tags: tuple[str, ...] | None = None


class Ids(Values):
    """Sounds, by their ids."""

    ids: ManyIds


class Age(Values):
    """How long ago something was deleted at least; 0 for everything."""

    days: float = Field(0.0, ge=0.0, le=36_500.0)


class Token(Values):
    """What a deletion gave."""

    token: str


@router.get("/clips")
def search(query: Annotated[Search, Query()], library: LibraryPart) -> PageBody:
    """Sounds, newest first, or most alike first; deleted ones, latest deletion first; or certain ones by their ids."""
    if query.ids:
        return PageBody(clips=clips_body(_there(query, library)).clips, next_cursor=None, scores=None)
    page = library.search(
        query.text, query.tag, query.starred, query.kind, query.deleted, query.similar_to, query.limit, query.cursor
    )
    scores = None if page.scores is None else list(page.scores)
    return PageBody(clips=clips_body(page.entries).clips, next_cursor=page.next_cursor, scores=scores)


def _there(query: Search, library: Library) -> Iterator[Entry]:
    others = query.model_fields_set - {"ids"}
    if others:
        raise UserError(f"ids and {min(others)} cannot be asked for together; leave one out")
    for identifier in dict.fromkeys(query.ids):
        with suppress(LibraryMiss):  # purged meanwhile: who asks sees that it is not among them
            yield library.get(identifier)


@router.get("/clips/{id}")
def clip(id: str, library: LibraryPart) -> ClipBody:
    """One sound, deleted or not."""
    return clip_body(library.get(id))


@router.patch("/clips/{id}", dependencies=[OnlyJson])
def change(id: str, body: Change, library: LibraryPart) -> ClipBody:
    """Another name, a star or none, other tags; all of it or nothing."""
    if not body.model_fields_set:
        raise UserError("nothing to change; give a name, starred or tags")
    return clip_body(library.change(id, name=body.name, starred=body.starred, tags=body.tags))


@router.delete("/clips/{id}")
def delete(id: str, library: LibraryPart) -> UndoBody:
    """Delete a sound; the answer takes it back. A sound that is deleted already stays as it is: nothing was deleted,
    and there is no token."""
    return undo_body(library.delete([id]))


@router.post("/clips/delete", dependencies=[OnlyJson])
def delete_some(body: Ids, library: LibraryPart) -> UndoBody:
    """Delete sounds, all of them or none. Those that are deleted already stay as they are."""
    return undo_body(library.delete(some(body.ids)))


@router.post("/clips/restore", dependencies=[OnlyJson])
def restore_some(body: Ids, library: LibraryPart) -> ClipsBody:
    """Take the deletion of sounds back, whenever they were deleted."""
    return clips_body(library.restore(some(body.ids)))


@router.post("/clips/purge", dependencies=[OnlyJson])
def purge_some(body: Ids, library: LibraryPart) -> PurgedBody:
    """Remove deleted sounds for good, with their files, all of them or none. Nothing brings them back."""
    return purged_body(library.purge_some(some(body.ids)))


@router.post("/clips/empty", dependencies=[OnlyJson])
def empty(body: Age, library: LibraryPart) -> PurgedBody:
    """Remove all deleted sounds for good, or those that were deleted ``days`` ago or longer. Nothing brings them back,
    and undoing a deletion of them finds nothing."""
    return purged_body(library.purge(timedelta(days=body.days)))


@router.post("/clips/{id}/restore")
def restore(id: str, library: LibraryPart) -> ClipBody:
    """Take the deletion of one sound back."""
    return clip_body(library.restore([id])[0])


@router.post("/undo", dependencies=[OnlyJson])
def undo(body: Token, library: LibraryPart) -> ClipsBody:
    """Take one deletion back: what it deleted, and nothing else."""
    return clips_body(library.undo(body.token))


@router.get("/clips/{id}/tree")
def tree(id: str, library: LibraryPart) -> TreeBody:
    """What a sound came from, and what came from it."""
    found = library.ancestry(id)
    clips = clips_body(found.entries).clips
    return TreeBody(root=found.root, clips=clips, links=list(found.links), missing=list(found.missing))
