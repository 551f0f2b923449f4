"""Prompt -> :class:`Conditioning`: one file per text encoder."""

from soundctm.conditioning.types import Conditioning

__all__ = ["Conditioning"]
