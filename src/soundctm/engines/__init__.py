"""Ways to compute the networks faster than layer by layer: other numbers, compilers, other runtimes."""

from soundctm.engines.build import build
from soundctm.engines.options import EngineName, EngineOptions, Precision

__all__ = ["EngineName", "EngineOptions", "Precision", "build"]
