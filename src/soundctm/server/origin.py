"""What a server's files say of where a sound comes from."""

from soundctm.audio import Clip
from soundctm.delivery.provenance import licence_in
from soundctm.folder import card


def told(clip: Clip) -> dict[bytes, bytes]:
    """The chunks of a sound's WAV, with the licence that the card of its model states where that lies here."""
    return {} if clip.recipe is None else clip.chunks_under(licence_in(card(clip.recipe.model)))
