"""Prompt -> :class:`Conditioning`: one file per text encoder."""

from soundctm.conditioning.types import Conditioning, Match

__all__ = ["Conditioning", "Match"]
