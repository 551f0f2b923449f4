"""Targets from the command line, and how near the takes came to them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import typer

from soundctm.errors import UserError

if TYPE_CHECKING:
    from soundctm.audio import Clip
    from soundctm.audio.recipe import Steering
    from soundctm.audio.target import Feature, Target
    from soundctm.control.targets import TargetSettings

HOW = "points, a CSV of seconds and values, or a recording to follow."
BAND_RANGE = (100.0, 400.0)  # Hz
WeightOption = typer.Option([], help="FEATURE=NUMBER: how much a target counts; 1 when left out.")
TABLES = {".txt", ".tsv", ".tab", ".dat", ".xls", ".xlsx", ".ods"}
UNITS = {"intensity": "dB", "band": "dB", "brightness": "octaves", "pitch": "octaves", "onsets": ""}


@dataclass(frozen=True)
class Curves:
    """What a sound is to follow: a group of options."""

    intensity: str = typer.Option(None, help=f"Level over time in dB full scale. A shape such as rise, or: {HOW}")
    brightness: str = typer.Option(None, help=f"Centre of the spectrum in Hz: {HOW}")
    band: str = typer.Option(None, help=f"Level of --band-range in dB full scale: {HOW}")
    band_range: tuple[float, float] = typer.Option(BAND_RANGE, help="Lowest and highest frequency of --band.")
    onsets: str = typer.Option(None, help=f"Where events begin, 0 to 1: {HOW}")
    pitch: str = typer.Option(None, help=f"Fundamental in Hz, for sounds that have one: {HOW}")
    weight: list[str] = WeightOption

    def targets(self, seconds: float) -> list["Target"]:
        """A target for every feature that was asked for. Raises :class:`UserError` when there is none."""
        from soundctm.audio.target import Feature

        if self.band is None and self.band_range != BAND_RANGE:
            low, high = self.band_range
            raise UserError(f"--band-range is {low:g} {high:g}, and there is no --band; give its curve as well")
        given = {name: text for name in get_args(Feature) if (text := getattr(self, name)) is not None}
        if not given:
            raise UserError(
                'nothing to follow; give a curve, for example --intensity rise or --intensity "0:-40, 5:-12"'
            )
        weight_of = weights(self.weight)
        unused = sorted(set(weight_of) - set(given))
        if unused:
            raise UserError(f"a weight is given for {', '.join(unused)}, which has no curve; give the curve as well")
        settings = {feature: _settings(feature, weight_of, self.band_range) for feature in given}
        return [_read(text, feature, seconds, settings[feature]) for feature, text in given.items()]


@dataclass(frozen=True)
class Way:
    """How the curves are reached: a group of options."""

    strength: float = typer.Option(
        None, help="Of guidance: how hard each jump is corrected, 0 to 2; what suits the targets when left out."
    )
    fader: float = typer.Option(
        None, help="dB that the volume of the sound is drawn by at most, 0 to 60, where guidance left a level."
    )
    auditions: int = typer.Option(
        None, help="Noises to hear in one step, from which the start is chosen (1 to 256); 32 when left out."
    )
    shortlist: int = typer.Option(
        None,
        help="Of so many auditions nearest to the curves, the one that fits the prompt best begins; 4 when left out.",
    )
    method: str = typer.Option("guidance", help="guidance, or start: move the noise to begin with (slower).")

    def steering(self) -> "Steering":
        """The same for the model. Raises :class:`UserError` for what the method does not use."""
        from soundctm.audio.recipe import Method, Steering

        method = next((each for each in get_args(Method) if each == self.method), None)
        if method is None:
            raise UserError(f"--method is {self.method!r}; accepted are {' and '.join(get_args(Method))}")
        given = {name: value for name, value in vars(self).items() if name != "method" and value is not None}
        for name, value in given.items() if method != "guidance" else ():
            raise UserError(f"--{name} is {value:g}, which only --method guidance uses; leave it out with {method}")
        return Steering(method=method, **given)


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
        if Path(text).suffix.lower() in TABLES:
            raise UserError(f"--{feature} is {text!r}; a table of points is a .csv: seconds, comma, value in each line")
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
        if name in out:
            raise UserError(f"--weight is given twice for {name}; give it once")
        try:
            out[name] = float(number)
        except ValueError as error:
            raise UserError(f"--weight is {text!r}; write FEATURE=NUMBER, for example intensity=2") from error
        if name not in get_args(Feature):
            raise UserError(f"--weight names {name!r}; accepted are {', '.join(get_args(Feature))}")
    return out


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
