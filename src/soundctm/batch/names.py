"""Names of rows, which become names of files: no paths, no tricks, the same on every system."""

import re
import unicodedata

from soundctm.errors import UserError
from soundctm.filenames import RESERVED, slug

LONGEST = 80
_ALLOWED = re.compile(r"\w(?:[\w -]*\w)?")


def checked_name(name: str) -> str:
    """The name in its normal form. Raises :class:`UserError` for what could be a path, or no file's name somewhere."""
    plain = unicodedata.normalize("NFC", name)
    if len(plain) > LONGEST:
        raise UserError(f"has {len(plain):,} characters; at most {LONGEST} are accepted")
    if not _ALLOWED.fullmatch(plain):
        raise UserError(
            "is no name; letters, digits, spaces, - and _ are accepted, with a letter or digit at both ends, and no "
            "slashes or dots: a name is no path"
        )
    if len(plain.encode()) > 2 * LONGEST:
        raise UserError(f"has {len(plain.encode()):,} bytes in UTF-8; at most {2 * LONGEST} are accepted")
    if plain.lower() in RESERVED:
        raise UserError("is a name that Windows keeps for itself; choose another")
    return plain


def searchable(name: str) -> str:
    """What two names must not share: many disks do not tell large letters from small ones."""
    return unicodedata.normalize("NFKC", name).casefold()


def name_of(prompt: str) -> str:
    """A name made of a prompt."""
    short = slug(prompt, LONGEST - 20)
    return f"{short}-sound" if short in RESERVED else short


def free_name(wanted: str, taken: set[str], number: int = 1) -> tuple[str, int]:
    """The name, numbered from 2 where it is taken, with the number that it came to; those up to ``number`` are known to
    be taken."""
    name = wanted if number == 1 else f"{wanted}-{number}"
    while searchable(name) in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name, number
