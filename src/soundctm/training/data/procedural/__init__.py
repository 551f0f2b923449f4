"""A procedural sound generator: classes with attributes, captions, sequences and mixtures."""

from soundctm.training.data.procedural import impacts, living, machines, nature, signals
from soundctm.training.data.procedural.base import REGISTRY, Attributes, Sample, SoundClass
from soundctm.training.data.procedural.compose import caption, make, render, single

__all__ = ["REGISTRY", "Attributes", "Sample", "SoundClass", "caption", "make", "render", "single"]

ROOMS = (impacts, living, machines, nature, signals)  # importing them registers their classes
