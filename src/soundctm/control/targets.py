"""Makers of targets: from points, a CSV file, a shape or a recording.

All return a checked :class:`~soundctm.audio.target.Target` for a clip of ``seconds`` and raise :class:`UserError` for
what :func:`check_target` refuses. What is left out of the :class:`TargetSettings` is as :class:`Target` has it.
"""

import csv
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypedDict, Unpack

from soundctm.arguments import checked
from soundctm.audio import Clip
from soundctm.audio.io import check_rate
from soundctm.audio.target import Feature, Target
from soundctm.control.shapes import SHAPES, Shape, shape_points
from soundctm.control.sketches import Points, read_points
from soundctm.control.target_checks import check_settings, check_target
from soundctm.errors import UserError

__all__ = [
    "TargetSettings",
    "check_target",
    "from_csv",
    "from_recording",
    "from_shape",
    "make_target",
    "parse_points",
]

FREE = "free"
BRIGHTEST = 22_050.0  # Hz, half of 44.1 kHz


class Weight(TypedDict, total=False):
    """How much a target counts against others, above 0."""

    weight: float


class TargetSettings(Weight, total=False):
    """``weight``, and the edges of a band in Hz, which belong to the feature "band" alone."""

    low: float | None
    high: float | None


@checked
def make_target(
    points: Points,
    feature: Feature,
    seconds: float,
    **settings: Unpack[TargetSettings],
) -> Target:
    """A target through ``points`` of ``(seconds, value)``; a value of None frees the sound on both sides of it."""
    _check(feature, settings)  # first of all: not every feature can be read as one of a Target
    target = Target(feature=feature, points=tuple(points), **settings)
    check_target(target, seconds)
    return target


def _check(feature: Feature, settings: TargetSettings, sample_rate: int | None = None) -> Target:
    """A target without points, not validated yet, that has the defaults in it. Raises :class:`UserError` unless its
    settings can belong to its feature."""
    bare = Target.model_construct(feature=feature, points=(), **settings)
    check_settings(bare.feature, bare.weight, bare.low, bare.high, sample_rate)
    return bare


@checked
def parse_points(
    text: str,
    feature: Feature,
    seconds: float,
    **settings: Unpack[TargetSettings],
) -> Target:
    """A target from text such as ``"0:-40, 1.5:-12, 2:free, 5:-50"``: ``seconds:value`` pairs between commas.

    ``free`` frees the sound from the point before it to the point after it.
    """
    points = []
    for part in text.split(","):
        time, colon, value = part.partition(":")
        try:
            if not colon:
                raise ValueError
            points.append((float(time), _value(value)))
        except ValueError as error:
            raise UserError(
                f"{part.strip()!r} in the points {text!r} is no point; write seconds:value pairs between commas, for "
                'example "0:-40, 1.5:-12, 2:free, 5:-50"'
            ) from error
    return make_target(points, feature, seconds, **settings)


def _value(text: str) -> float | None:
    """A value as written; None for "free" or nothing. Raises ValueError."""
    return None if text.strip().lower() in ("", FREE) else float(text)


@checked
def from_csv(
    path: str | Path,
    feature: Feature,
    seconds: float,
    **settings: Unpack[TargetSettings],
) -> Target:
    """A target from a CSV file of two columns, seconds and value; an empty value or ``free`` frees the sound.

    One line of headings and empty lines are passed over.
    """
    points: list[tuple[float, float | None]] = []
    for number, row in enumerate(_read_rows(Path(path)), start=1):
        if not any(cell.strip() for cell in row):
            continue
        try:
            time, value = row
            points.append((float(time), _value(value)))
        except ValueError as error:
            if number == 1 and _is_heading(row):
                continue
            raise UserError(
                f"line {number} of {path} is {','.join(row)!r}; write two columns, seconds and value (empty: free), "
                "for example 1.5,-12"
            ) from error
    return make_target(points, feature, seconds, **settings)


def _read_rows(path: Path) -> list[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read {path} ({error}); give a CSV file with the columns seconds,value") from error


def _is_heading(row: Sequence[str]) -> bool:
    """Whether no cell of a row is a value: one that is has a mistake beside it."""
    for cell in row:
        with suppress(ValueError):
            _value(cell)
            return False
    return True


@checked
def from_shape(shape: Shape, seconds: float, **settings: Unpack[Weight]) -> Target:
    """An intensity target over the whole clip in one of the six shapes of :mod:`soundctm.control.shapes`."""
    if shape not in SHAPES:
        raise UserError(f"there is no shape {shape!r}; known are {', '.join(SHAPES)}")
    return make_target(shape_points(shape, seconds), "intensity", seconds, **settings)


@checked
def from_recording(
    clip: Clip,
    feature: Feature,
    seconds: float,
    **settings: Unpack[TargetSettings],
) -> Target:
    """A target that follows a feature of ``clip`` over at most its first ``seconds``.

    The sound is free past the recording's end, and for brightness and pitch where the recording has none
    (:mod:`soundctm.control.sketches`). Levels below -60 dB read -60 dB, brightness above 22,050 Hz reads 22,050 Hz:
    that is as high as a sound of 44.1 kHz goes, and recordings of ultrasound go higher. Raises :class:`UserError` for
    a length of 0 or less, a recording of a rate that no sound has, and when nothing is left to follow.
    """
    if not seconds > 0:
        raise UserError(f"seconds is {seconds:g}; give the length of the sound that is to follow, above 0")
    check_rate(clip.sample_rate, "the recording")
    bare = _check(feature, settings, clip.sample_rate)
    points = read_points(clip, feature, seconds, bare.low, bare.high)
    if feature == "brightness":
        points = [(time, None if value is None else min(value, BRIGHTEST)) for time, value in points]
    return make_target(points, feature, seconds, **settings)
