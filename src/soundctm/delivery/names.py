"""File names of the Universal Category System: ``CatID_FXName_CreatorID_SourceID``, and optionally ``_UserData``.

Underscores part the fields and nothing else; a field never holds what would lead out of a folder or what a file system
refuses. Variations are numbered at the end of the FXName.
"""

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from soundctm.audio.io import written_beside
from soundctm.errors import UserError

CAT_ID = re.compile(r"[A-Z][A-Za-z0-9]{1,31}(-[A-Za-z0-9 ]{1,32})?")  # after the hyphen: a category of the user's own
REFUSED = '/\\:*?"<>|_'
FIELD_LENGTH = 80  # characters
FX_WORDS_LENGTH = 40  # characters of an FXName that is made of a prompt
NAME_BYTES = 232  # UTF-8; file systems take 255: a suffix follows, and what marks a file that is being written
LONGEST_NUMBER = 9999


def check_field(name: str, text: str) -> str:
    """The text, composed (NFC). Raises :class:`UserError` unless it can be a field of a name."""
    text = unicodedata.normalize("NFC", text)
    odd = sorted({c for c in text if c in REFUSED or not c.isprintable()})
    if odd:
        raise UserError(f"{name} {text[:FIELD_LENGTH]!r} has {', '.join(map(repr, odd))}; write it without")
    if not text or text != text.strip(" .") or len(text) > FIELD_LENGTH:
        raise UserError(
            f"{name} {text[:FIELD_LENGTH]!r} is no field of a file name; accepted are 1 to {FIELD_LENGTH} characters "
            "that neither begin nor end with a space or a dot"
        )
    return text


def sanitised(text: str, length: int = FIELD_LENGTH) -> str:
    """A text as a field: what is refused becomes a space, spaces are one, the end is cut at a word.

    Raises :class:`UserError` where nothing is left.
    """
    text = unicodedata.normalize("NFC", text)
    text = " ".join("".join(" " if c in REFUSED or not c.isprintable() else c for c in text).split()).strip(" .")
    if len(text) > length:
        text = (text[: length + 1].rsplit(" ", 1)[0] if " " in text[: length + 1] else text[:length]).strip(" .")
    if not text:
        raise UserError("no character of this text can stand in a file name; give the FXName in other words")
    return text


def fx_name_of(prompt: str) -> str:
    """An FXName made of a prompt: its words with capitals, at most 40 characters."""
    words = sanitised(prompt.replace(",", " "), FX_WORDS_LENGTH).split(" ")
    return " ".join(word[:1].upper() + word[1:] for word in words)


class UcsName(BaseModel):
    """The fields of a name. :meth:`of` raises :class:`UserError` for what none may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cat_id: str
    fx_name: str
    creator: str
    source: str
    user_data: str = ""

    @field_validator("cat_id")
    @classmethod
    def _is_cat_id(cls, value: str) -> str:
        if not CAT_ID.fullmatch(value):
            raise UserError(f"CatID {value[:40]!r} is none; it is like DOORWood or DOORWood-Cupboards")
        return value

    @field_validator("fx_name", "creator", "source", "user_data")
    @classmethod
    def _is_field(cls, value: str, info: object) -> str:
        name = str(getattr(info, "field_name", "a field"))
        return value if name == "user_data" and not value else check_field(name, value)

    @classmethod
    def of(cls, cat_id: str, fx_name: str, creator: str, source: str, user_data: str = "") -> "UcsName":
        """A checked name."""
        try:
            name = cls(cat_id=cat_id, fx_name=fx_name, creator=creator, source=source, user_data=user_data)
        except ValidationError as error:
            raise UserError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error
        if len(name.stem(LONGEST_NUMBER).encode()) > NAME_BYTES:
            raise UserError(
                f"the file name {name.stem()[:40]}... is longer than {NAME_BYTES} bytes; shorten its fields"
            )
        return name

    def stem(self, number: int | None = None) -> str:
        """The name without suffix, of a variation from 1 on where a number is given."""
        fx = self.fx_name if number is None else f"{self.fx_name} {number:02d}"
        return "_".join([self.cat_id, fx, self.creator, self.source, *([self.user_data] if self.user_data else [])])


def create(folder: Path, stems: Iterable[str], suffix: str, data: bytes) -> Path:
    """A new file under the first of these names in a folder that is free; or the file that holds these very bytes.

    What is there is never lost, whoever else writes there at the same time: a name is taken in the same moment in which
    it is found to be free. Raises :class:`UserError` where every name is taken, or nothing can be written.
    """
    with written_beside(folder / "sound", lambda file: file.write(data)) as beside:
        for stem in stems:
            path = folder / f"{stem}{suffix}"
            if _named(beside, path) or (path.is_file() and path.read_bytes() == data):
                return path
    raise UserError(f"every name for this sound is taken in {folder}; choose another folder")


def _named(beside: Path, path: Path) -> bool:
    """Give a whole file its name; False where something has that name."""
    try:
        os.link(beside, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without links: an empty file holds the name for the moment of the renaming
        return _claimed(beside, path)
    return True


def _claimed(beside: Path, path: Path) -> bool:
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    os.replace(beside, path)
    return True
