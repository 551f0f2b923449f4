"""Recordings to edit: a tone that swells, in noise."""

import numpy as np

from soundctm import Clip

RATE = 8000


def recording(seed: int = 0, seconds: float = 1.0, rate: int = RATE, channels: int = 1) -> Clip:
    """Samples that a 24-bit file holds exactly, at most 0.8 in magnitude."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    tone = np.sin(2 * np.pi * (200 + 37 * seed) * t) * (0.3 + 0.2 * np.sin(2 * np.pi * t))
    samples = tone + 0.05 * rng.standard_normal((channels, len(t))).clip(-4, 4)
    return Clip((np.rint(samples * 2**23) / 2**23).astype(np.float32), rate)
