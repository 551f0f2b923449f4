"""What a sound should do over time: a curve for one of its features, as it travels in a recipe."""

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

Feature = Literal["intensity", "brightness", "band", "onsets", "pitch"]


class Target(BaseModel):
    """A curve through ``points`` of ``(seconds, value)``, linear between them; a value of None frees the sound
    from the point before it to the point after.

    Units: ``intensity`` and ``band`` dB full scale (RMS), ``brightness`` and ``pitch`` Hz, ``onsets`` 0 to 1. Before
    the first and after the last point the sound is free. ``weight`` counts against other targets; ``low`` and ``high``
    bound the band in Hz. :mod:`soundctm.control.targets` makes and checks targets.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    feature: Feature
    points: tuple[tuple[float, float | None], ...]
    weight: float = 1.0
    low: float | None = None
    high: float | None = None

    def at(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values ``[n]`` at ``times [n]`` in seconds, 0 where the sound is free, and whether it is bound, ``[n]``."""
        seconds = np.asarray([time for time, _ in self.points])
        values = np.asarray([np.nan if value is None else value for _, value in self.points])
        wanted = np.interp(times, seconds, values, left=np.nan, right=np.nan)
        bound = ~np.isnan(wanted)
        return np.where(bound, wanted, 0.0), bound
