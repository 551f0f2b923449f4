"""Targets from the command line, and how near the takes came to them."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip
    from soundctm.audio.recipe import Steering
    from soundctm.audio.target import Feature, Target
    from soundctm.control.targets import TargetSettings

UNITS = {"intensity": "dB", "band": "dB", "brightness": "octaves", "pitch": "octaves", "onsets": ""}


def read_targets(
    asked: Mapping["Feature", str | None],
    weight_of: Mapping[str, float],
    seconds: float,
    band_range: tuple[float, float],
) -> list["Target"]:
    """A target for every feature that was asked for. Raises :class:`UserError` when there is none."""
    given = {feature: text for feature, text in asked.items() if text is not None}
    if not given:
        raise UserError('nothing to follow; give a curve, for example --intensity rise or --intensity "0:-40, 5:-12"')
    unused = sorted(set(weight_of) - set(given))
    if unused:
        raise UserError(f"a weight is given for {', '.join(unused)}, which has no curve; give the curve as well")
    settings = {feature: _settings(feature, weight_of, band_range) for feature in given}
    return [_read(text, feature, seconds, settings[feature]) for feature, text in given.items()]


def _settings(feature: "Feature", weight_of: Mapping[str, float], band_range: tuple[float, float]) -> "TargetSettings":
    """What belongs to a feature's target besides its curve."""
    settings: TargetSettings = {}
    if feature in weight_of:
        settings["weight"] = weight_of[feature]
    if feature == "band":
        settings["low"], settings["high"] = band_range
    return settings


def _read(text: str, feature: "Feature", seconds: float, settings: "TargetSettings") -> "Target":
    """A target from a shape's name, a CSV, a recording, or points."""
    from soundctm.audio import Clip
    from soundctm.control.shapes import SHAPES, shape_points
    from soundctm.control.targets import from_csv, from_recording, make_target, parse_points

    for shape in SHAPES:
        if text == shape and feature == "intensity":
            return make_target(shape_points(shape, seconds), feature, seconds, **settings)
    if Path(text).suffix.lower() == ".csv":
        return from_csv(text, feature, seconds, **settings)
    if os.path.isfile(text) or ":" not in text:  # not Path.is_file, which fails for points of many characters
        if not Path(text).suffix:
            shapes = f"a shape ({', '.join(SHAPES)}), " if feature == "intensity" else ""
            raise UserError(
                f'--{feature} is {text!r}; accepted are {shapes}points like "0:-40, 5:-12", a CSV, a recording'
            )
        return from_recording(Clip.load(text), feature, seconds, **settings)
    return parse_points(text, feature, seconds, **settings)


def weights(texts: Sequence[str]) -> dict[str, float]:
    """``["intensity=2"]`` as a table."""
    from soundctm.audio.target import Feature

    out = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            out[name] = float(number)
        except ValueError as error:
            raise UserError(f"--weight is {text!r}; write FEATURE=NUMBER, for example intensity=2") from error
        if name not in get_args(Feature):
            raise UserError(f"--weight names {name!r}; accepted are {', '.join(get_args(Feature))}")
    return out


def steering(
    method: str, strength: float | None, fader: float | None, auditions: int | None, shortlist: int | None
) -> "Steering":
    """How the targets are reached. Raises :class:`UserError` for what the method does not use."""
    from soundctm.audio.recipe import Method, Steering

    known = next((each for each in get_args(Method) if each == method), None)
    if known is None:
        raise UserError(f"--method is {method!r}; accepted are {' and '.join(get_args(Method))}")
    given = {"strength": strength, "fader": fader, "auditions": auditions, "shortlist": shortlist}
    for name, value in given.items():
        if value is not None and known != "guidance":
            raise UserError(f"--{name} is {value:g}, which only --method guidance uses; leave it out with {method}")
    return Steering(method=known, strength=strength, fader=fader, auditions=auditions, shortlist=shortlist)


def deviations_of(clip: "Clip") -> dict[str, float]:
    """RMS difference of a take from each of its targets over the time that they bind."""
    from soundctm.control.target_loss import deviations

    targets = clip.recipe.targets if clip.recipe else ()
    found = deviations(clip.samples, clip.sample_rate, targets)
    return {target.feature: value for target, value in zip(targets, found, strict=True)}


def closeness(away: Sequence[Mapping[str, float]]) -> str:
    """One line for people: how far takes are from their targets at most, by the :func:`deviations_of` each."""
    parts = [f"{name} {max(each[name] for each in away):.2g} {UNITS[name]}".strip() for name in away[0]]
    return f"Off target by at most: {', '.join(parts)} (RMS)"
