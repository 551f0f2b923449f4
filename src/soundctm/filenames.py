"""Texts as parts of file names that every system takes."""

import re
import unicodedata

RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
"""Names, in small letters, that Windows keeps for itself."""


def slug(text: str, longest: int) -> str:
    """Small letters and digits of ASCII with ``-`` between them, ``sound`` where the text has none; accents go, and
    forms of width."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if unicodedata.category(each) != "Mn")
    parted = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return parted[:longest].rstrip("-") or "sound"
