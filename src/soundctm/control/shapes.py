"""Six shapes that the intensity of a sound may take: the lines and curves of the control experiments (Figures 10, 11).

The paper draws them without numbers; these span its range of levels, -50 to -15 dB.
"""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

Shape = Literal["rise", "fall", "peak", "valley", "wave", "steps"]
QUIET, LOUD = -50.0, -15.0  # dB full scale
_CURVED = np.linspace(0, 1, 41)  # fine enough that lines between the points stay within 0.5 dB of the curve


def _line(*points: tuple[float, float]) -> Callable[[], list[tuple[float, float]]]:
    return lambda: list(points)


def _curve(height: Callable[[float], float]) -> Callable[[], list[tuple[float, float]]]:
    return lambda: [(float(u), height(float(u))) for u in _CURVED]


# Each shape as points (share of the time, height), both in 0 to 1.
_HEIGHTS: dict[Shape, Callable[[], list[tuple[float, float]]]] = {
    "rise": _line((0, 0), (1, 1)),
    "fall": _line((0, 1), (1, 0)),
    "peak": _curve(lambda u: math.sin(math.pi * u) ** 2),
    "valley": _curve(lambda u: math.cos(math.pi * u) ** 2),
    "wave": _curve(lambda u: 0.5 - 0.5 * math.cos(4 * math.pi * u)),
    "steps": _line((0, 0), (0.3, 0), (0.36, 0.5), (0.64, 0.5), (0.7, 1), (1, 1)),
}
SHAPES = tuple(_HEIGHTS)


def shape_points(shape: Shape, seconds: float) -> tuple[tuple[float, float], ...]:
    """Points ``(seconds, dB)`` of a shape over the whole of a clip.

    ``rise`` and ``fall`` are lines, ``peak`` and ``valley`` raised cosines with their turn in the middle, ``wave`` two
    periods from quiet to loud and back, ``steps`` three levels.
    """
    return tuple(
        (min(round(u * seconds, 4), seconds), round(QUIET + height * (LOUD - QUIET), 2))
        for u, height in _HEIGHTS[shape]()
    )
