"""What a server's files say of where a sound comes from."""

from soundctm.audio import Clip
from soundctm.audio.origin import SYNTHETIC, Origin, clean
from soundctm.delivery.provenance import licence_in
from soundctm.delivery.tags import comments_on, loop_points
from soundctm.folder import card


def told(clip: Clip) -> dict[bytes, bytes]:
    """The chunks of a sound's WAV, with the licence that the card of its model states where that lies here."""
    return {} if clip.recipe is None else clip.chunks_under(licence_in(card(clip.recipe.model)))


def comments(clip: Clip) -> dict[str, str]:
    """The same for FLAC and Ogg Vorbis, by the names that a delivered file has; those without a text are left out."""
    if clip.recipe is None:
        return {}
    origin = Origin(clip.recipe, licence_in(card(clip.recipe.model)))
    found = {"TITLE": clean(clip.recipe.prompt), "COMMENT": origin.statement, "GENRE": SYNTHETIC}
    found |= {**comments_on(origin), **loop_points(clip)}
    return {name: text for name, text in found.items() if text}
