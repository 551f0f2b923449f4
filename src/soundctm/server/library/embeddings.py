"""How alike sounds are: vectors of length 1, and their cosines."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from soundctm.errors import UserError
from soundctm.server.library.schema import EmbeddingRow, EntryRow, ParentRow

MAX_SIZE = 4096
_ROWS = 8192  # at a time, so that memory stays small


def pack(embedding: np.ndarray) -> bytes:
    """The bytes of an embedding ``[D]``: length 1, float16. Raises :class:`UserError` for what has no direction."""
    vector = np.asarray(embedding)
    if vector.ndim != 1 or not 1 <= vector.size <= MAX_SIZE or vector.dtype.kind not in "fiu":
        raise UserError(f"the embedding is {vector.dtype}{vector.shape}; give numbers [D], D up to {MAX_SIZE}")
    vector = vector.astype(np.float64)
    largest = float(np.abs(vector).max())
    if not np.isfinite(largest) or largest == 0.0:
        raise UserError("the embedding is zero or has numbers that are none; give one that points somewhere")
    vector /= largest  # squares of very small or large numbers leave the range
    return (vector / np.linalg.norm(vector)).astype("<f2").tobytes()


def unpack(packed: Sequence[bytes]) -> np.ndarray:
    """Vectors ``[n, D]`` in float16, all of one size."""
    return np.frombuffer(b"".join(packed), dtype="<f2").reshape(len(packed), -1)


def cosines(vectors: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Cosines ``[n]`` of ``vectors [n, D]`` with ``query [D]``.

    Each is to the last bit the same whatever other rows there are (sums along rows, not a product of matrices), so that
    the pages of a search fit together.
    """
    direction = query.astype(np.float64)
    direction /= np.linalg.norm(direction)
    out = np.empty(len(vectors))
    for start in range(0, len(vectors), _ROWS):
        rows = vectors[start : start + _ROWS].astype(np.float64)
        lengths = np.sqrt((rows * rows).sum(axis=1))
        out[start : start + _ROWS] = (rows * direction).sum(axis=1) / lengths
    return out


def compare(session: Session, identifier: str) -> None:
    """Note how alike a sound and its first parent are, and it and those that it is the first parent of."""
    child, parent = aliased(EmbeddingRow), aliased(EmbeddingRow)
    pairs = (
        select(EntryRow, child.vector, parent.vector)
        .join(ParentRow, (ParentRow.child == EntryRow.id) & (ParentRow.position == 0))
        .join(child, child.entry == EntryRow.id)
        .join(parent, parent.entry == ParentRow.parent)
        .where((EntryRow.id == identifier) | (ParentRow.parent == identifier), child.size == parent.size)
    )
    for row, ours, theirs in session.execute(pairs):
        row.similarity = float(cosines(unpack([ours]), unpack([theirs])[0])[0])
