"""Waveforms: clips, recipes, files and pictures."""

from soundctm.audio.clip import Clip
from soundctm.audio.recipe import Recipe

__all__ = ["Clip", "Recipe"]
