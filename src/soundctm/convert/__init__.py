"""Official checkpoints -> model folders, strict and one way."""

from soundctm.convert.official import convert_official

__all__ = ["convert_official"]
