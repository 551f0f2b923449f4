"""What a target must be."""

import math
from itertools import groupby, pairwise
from typing import get_args

from soundctm.audio.target import Feature, Target
from soundctm.control.curves import CURVES
from soundctm.control.frames import HOP_SECONDS
from soundctm.errors import UserError

SHORTEST = 2 * HOP_SECONDS  # seconds: surely holds the centre of a frame
NARROWEST = 20.0  # Hz, two bins of the analysis
HINTS: dict[Feature, str] = {
    "intensity": "the RMS level; -12 means 12 dB below full scale, -80 is silence",
    "band": "the RMS level; -12 means 12 dB below full scale, -80 is silence",
    "brightness": "the spectral centroid, up to half the sample rate",
    "pitch": "the fundamental, as far as it can be followed",
    "onsets": "0 where nothing begins, 1 at a clear attack",
}


def check_target(target: Target, seconds: float, sample_rate: int | None = None) -> None:
    """Raise :class:`UserError` unless a clip of ``seconds`` at ``sample_rate`` Hz can follow the target.

    Refused: times that are not numbers, out of order or outside the clip; values that are not numbers or not in the
    feature's unit; a band without edges, or edges without a band; a weight of 0 or less; nothing to follow. Makers do
    not know the sample rate: without it, Hz are not held against Nyquist.
    """
    check_settings(target.feature, target.weight, target.low, target.high, sample_rate)
    _check_times(target, seconds)
    _check_values(target, sample_rate)
    if _longest_bound(target) < SHORTEST - 1e-9:  # 0.3 - 0.28 is below 0.02 in floating point
        raise UserError(
            f"the {target.feature} target binds nothing; give at least two points in a row that are not free, "
            f"{SHORTEST:g} s apart or more"
        )


def _longest_bound(target: Target) -> float:
    """Length in seconds of the longest stretch without a free point."""
    runs = groupby(target.points, key=lambda point: point[1] is None)
    spans = [[time for time, _ in run] for free, run in runs if not free]
    return max((span[-1] - span[0] for span in spans), default=0.0)


def check_settings(
    feature: Feature, weight: float, low: float | None, high: float | None, sample_rate: int | None = None
) -> None:
    """Raise :class:`UserError` unless these can belong to a target, whatever its points."""
    if feature not in CURVES:
        raise UserError(f"there is no feature {feature!r}; known are {', '.join(get_args(Feature))}")
    if not 0 < weight < math.inf:
        raise UserError(f"the weight of the {feature} target is {weight:g}; give a number above 0")
    edges = f"low {_hertz(low)} and high {_hertz(high)}"
    if not CURVES[feature].banded:
        if low is not None or high is not None:
            raise UserError(f"the {feature} target has {edges}; only a band target has edges: leave them out")
        return
    if low is None or high is None:
        raise UserError(f"the band target has {edges}; give both edges in Hz, for example 200 and 800")
    nyquist = math.inf if sample_rate is None else sample_rate / 2
    if not (0 <= low <= high - NARROWEST and high <= nyquist and math.isfinite(high)):
        limit = "" if sample_rate is None else f" to {nyquist:,.0f} Hz"
        raise UserError(
            f"the band target has {edges}; accepted are edges {NARROWEST:g} Hz or more apart, from 0{limit}"
        )


def _hertz(value: float | None) -> str:
    return "missing" if value is None else f"{value:g} Hz"


def _check_times(target: Target, seconds: float) -> None:
    times = [time for time, _ in target.points]
    for time in times:
        if not 0 <= time <= seconds:  # false for NaN as well
            raise UserError(
                f"the {target.feature} target has a point at {time:g} s; the clip lasts from 0 to {seconds:g} s"
            )
    for before, after in pairwise(times):
        if after <= before:
            raise UserError(
                f"the {target.feature} target goes from {before:g} s to {after:g} s; times must rise from point to "
                "point: put them in order, each once"
            )


def _check_values(target: Target, sample_rate: int | None) -> None:
    curve = CURVES[target.feature]
    nyquist = sample_rate / 2 if sample_rate is not None and curve.unit == "Hz" else math.inf
    lowest, highest = curve.lowest, min(curve.highest, nyquist)
    for time, value in target.points:
        if value is not None and not (math.isfinite(value) and lowest <= value <= highest):
            span = f"{lowest:,g} to {highest:,g}" if math.isfinite(highest) else f"{lowest:,g} up"
            unit = f" {curve.unit}" if curve.unit else ""
            raise UserError(
                f"the {target.feature} target is {value:g}{unit} at {time:g} s; accepted are {span}{unit} "
                f"({HINTS[target.feature]})"
            )
