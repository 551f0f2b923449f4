"""Waveforms: clips, recipes, files and pictures."""

from soundctm.audio.clip import Clip, read_recipe
from soundctm.audio.recipe import Recipe

__all__ = ["Clip", "Recipe", "read_recipe"]
