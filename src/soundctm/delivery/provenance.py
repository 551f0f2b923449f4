"""What a file says of its origin, and the licence that a model's card states."""

import re

from soundctm.audio.origin import NOT_STATED, SYNTHETIC, Origin

__all__ = ["NOT_STATED", "SYNTHETIC", "Origin", "licence_in"]

# A model card says what holds for its sounds in a line of its own; else the licence of its weights is told, or that in
# the block of fields at its head.
CARD_LICENCES = tuple(
    re.compile(rf"^{name}:\s*(.+?)\.?\s*$", re.IGNORECASE | re.MULTILINE)
    for name in ("licence for sounds", "licence of the weights", "licen[cs]e")
)


def licence_in(card: str) -> str:
    """The licence that a model card (Markdown) states; ``not stated`` where it states none."""
    found = (match for pattern in CARD_LICENCES if (match := pattern.search(card)))
    return next((match.group(1).strip("\"'") for match in found), NOT_STATED)
