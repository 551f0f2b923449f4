"""Prompts as letters: which of them an English vocabulary can hold."""

import re
import unicodedata

WORD = re.compile(r"[^\W\d_]+")  # of letters, in any script
LEGIBLE = re.compile(r"[a-z0-9]")


def plain(text: str) -> str:
    """Small letters without accents and forms of width."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(sign))


def words(text: str) -> list[str]:
    """The words of a text in :func:`plain` letters, in order."""
    return WORD.findall(plain(text))


def legible(text: str) -> bool:
    """Whether there is a Latin letter or a figure in a text: signs and other scripts are all one to an English
    vocabulary."""
    return LEGIBLE.search(plain(text)) is not None
