"""Which words of a prompt an English vocabulary can read."""

import re
import unicodedata

WORD = re.compile(r"[^\W_]+")  # of letters and figures, in any script
LEGIBLE = re.compile(r"[a-z0-9]")


def legible(text: str) -> bool:
    """Whether there is a Latin letter, with or without an accent, or a figure in a text: signs, other scripts and other
    forms of width are all one to an English vocabulary."""
    return LEGIBLE.search(unicodedata.normalize("NFD", text.lower())) is not None


def illegible_words(text: str) -> list[str]:
    """Words of a text that cannot be read, in order."""
    return [word for word in WORD.findall(text) if not legible(word)]
