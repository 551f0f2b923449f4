"""Names, tags and texts to search: cleaned where they are ours, refused where a user can mend them."""

import re
import unicodedata
from collections.abc import Iterable

from soundctm.errors import UserError
from soundctm.filenames import RESERVED

MAX_NAME = 120
MAX_TAG = 40
MAX_TAGS = 32
MAX_QUERY = 1000
UNTITLED = "untitled"
# Control characters, halves of characters, line and paragraph breaks, and what turns the direction of writing.
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
_TURNS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SEPARATORS = set("/\\")


def _unprintable(character: str) -> bool:
    return unicodedata.category(character) in _UNPRINTABLE or character in _TURNS


def printable(text: str) -> str:
    """The text on one line: what cannot be printed becomes a space, and spaces in a row become one."""
    return " ".join("".join(" " if _unprintable(character) else character for character in text).split())


def default_name(text: str) -> str:
    """A name made of a prompt or of a file's name, whatever that holds."""
    plain = printable("".join(" " if character in _SEPARATORS else character for character in text))
    short = plain if len(plain) <= MAX_NAME else plain[: MAX_NAME - 1].rstrip() + "…"
    return UNTITLED if not short.strip(".") else short


def clean_name(name: str) -> str:
    """A name that a user gave, without the spaces around it. Raises :class:`UserError` for an empty one, a long one,
    and one with line breaks, control characters or signs that part folders."""
    return _clean(name, "name", MAX_NAME)


def clean_tags(tags: Iterable[str]) -> dict[str, str]:
    """Tags by what they are found by (:func:`searchable`), each once, in alphabetical order."""
    if isinstance(tags, str):
        raise UserError(f"tags are {tags[:MAX_TAG]!r}; give a list of texts")
    cleaned: dict[str, str] = {}
    for tag in tags:
        text = _clean(tag, "tag", MAX_TAG)
        cleaned.setdefault(searchable(text) or text, text)
    if len(cleaned) > MAX_TAGS:
        raise UserError(f"{len(cleaned)} tags; at most {MAX_TAGS} are accepted: leave some out")
    return dict(sorted(cleaned.items()))


def _clean(text: str, what: str, longest: int) -> str:
    if not isinstance(text, str):
        raise UserError(f"the {what} is {type(text).__name__}; give a text")
    if len(text) > longest:
        raise UserError(f"the {what} has {len(text):,} characters; at most {longest} are accepted: shorten it")
    if any(_unprintable(character) for character in text):
        raise UserError(f"the {what} has control characters or line breaks; write it as one line of plain text")
    if _SEPARATORS & set(text):
        raise UserError(f"the {what} has a slash or a backslash; leave it out, a {what} is no path")
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if not plain.strip("."):
        raise UserError(f"the {what} is empty or only dots; write a word")
    return plain


def searchable(text: str) -> str:
    """What a text is found by: without case, accents, forms of width and signs that cannot be printed; one line."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.casefold()).casefold())
    bare = "".join(character for character in folded if unicodedata.category(character) != "Mn")
    return printable(unicodedata.normalize("NFC", bare))


def words(query: str) -> list[str]:
    """The words of a query, as they stand in searchable texts. Raises :class:`UserError` for a long query."""
    if len(query) > MAX_QUERY:
        raise UserError(f"the search has {len(query):,} characters; at most {MAX_QUERY:,} are accepted: shorten it")
    return list(dict.fromkeys(searchable(query).split()))


def file_name(name: str, suffix: str = ".wav") -> str:
    """A file name for a sound of that name which every system takes: letters, digits, spaces, dots, ``-`` and ``_``, at
    most 80 characters before the suffix."""
    plain = re.sub(r"[^\w .-]+", "-", printable(name), flags=re.UNICODE)
    stem = plain.encode()[:160].decode(errors="ignore")[:80].strip(" .-") or UNTITLED
    return f"{'_' if stem.split('.')[0].strip().lower() in RESERVED else ''}{stem}{suffix}"
