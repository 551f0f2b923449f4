"""What a recipe may ask for, and of which device."""

import math
import re
import unicodedata

import numpy as np
import torch
from pydantic import ValidationError

from soundctm.arguments import LONG, received
from soundctm.audio import Clip, Recipe
from soundctm.audio.edit import Morph, Transform
from soundctm.audio.io import STEP_16, pieces
from soundctm.control.target_checks import check_target
from soundctm.errors import UserError, plain_words

MAX_PROMPT = 1000
MAX_STEPS = 128
MAX_TAKES = 1000
MAX_AUDITIONS = 256
MAX_TURNS = 16
MAX_EVENTS = 100
MIN_SECONDS = 0.1
MAX_SEED = 2**63 - 1
LONGEST = 600.0  # seconds; what is longer than a model's own limit is made in windows
MAX_VARIATION = 2**31 - 1
CANCELLED = 10**-0.9  # of what folding leaves of channels that have nothing in common, which is 1/N of their power
UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}  # control characters, halves of characters, line and paragraph breaks
SAY = {  # instead of nothing, for each kind of prompt
    "prompt": 'say what you want to hear, for example "heavy rain on a tin roof"',
    "negative prompt": 'say what is not to be heard, for example "wind", or leave it out',
    "other prompt": 'say what the other sound is, for example "wind", or leave it out',
}


def check_device(device: torch.device | str) -> torch.device:
    """The device. Raises :class:`UserError` unless it is one that models run on, and is here."""
    name = str(device) if isinstance(device, torch.device) else device
    error: Exception | None = None
    if isinstance(name, str) and re.fullmatch(r"(cpu|mps)(:0)?|cuda(:\d+)?", name):
        try:
            torch.empty(0, device=name)
            return torch.device(name)
        except (RuntimeError, AssertionError) as found:  # without a driver; where torch was built without it
            error = found
    raise UserError(
        f"device {received(name)} is not available here; cpu always is, cuda (or cuda:1) where a GPU is found, mps on "
        "a Mac"
    ) from error


def check_asked(takes: int, prompt: str, negative: str, nu: float, edits: bool) -> None:
    """Raise :class:`UserError` unless so many new takes can be made of these words. An edit may do without a prompt.

    A nu below 1 leads toward a negative prompt: nobody means that, but there are takes that were made so, and
    :func:`check_recipe` lets them be made again.
    """
    check_takes(takes)
    if prompt or not edits:
        check_prompt(prompt)
    if negative:
        check_prompt(negative, "negative prompt")
        if nu < 1.0:
            raise UserError(f"a negative prompt is what is made at nu = {nu:g}; give nu above 1, for example 2")


def check_recipe(recipe: Recipe) -> None:
    """Raise :class:`UserError` with the first thing that is out of range."""
    _check_types(recipe)
    if recipe.edit is None or recipe.prompt:  # an edit may do without words
        check_prompt(recipe.prompt)
    if isinstance(recipe.edit, Morph) and recipe.edit.prompt:
        check_prompt(recipe.edit.prompt, "other prompt")
    if recipe.negative:
        check_prompt(recipe.negative, "negative prompt")
        if recipe.nu == 1.0:
            raise UserError("a negative prompt has no effect at nu = 1; give nu above 1, for example 2")
    within("steps", recipe.steps, 1, MAX_STEPS, "1 to audition, 16 to refine")
    check_seconds(recipe.seconds)
    within("gamma", recipe.gamma, 0.0, 1.0, "0 is deterministic, 1 draws anew at every step")
    within("nu", recipe.nu, -20.0, 20.0, "1 is the plain student")
    within("omega", recipe.omega, 0.0, 20.0, "1 to 5 is the trained range")
    _check_noise(recipe)
    _check_steering(recipe)
    if isinstance(recipe.edit, Transform) and recipe.edit.strength == 0.0 and _changed(recipe):
        raise UserError("a transform of strength 0 returns its recording: nothing can steer or vary it; raise strength")
    for target in recipe.targets:
        check_target(target, recipe.seconds, recipe.sample_rate)


def _check_types(recipe: Recipe) -> None:
    """Raise :class:`UserError` for a recipe that no file could hold: copies with other values are not validated."""
    try:
        Recipe.model_validate(_with_tuples(recipe.model_dump(warnings=False)), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where, kind = ".".join(str(part) for part in first["loc"]), type(first["input"]).__name__
        raise UserError(f"{where} of the recipe is of type {kind}: {plain_words(first)}") from error


def _with_tuples(value: object) -> object:
    """Lists as the tuples that a file gives back."""
    if isinstance(value, dict):
        return {key: _with_tuples(each) for key, each in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list | tuple) else value


def _changed(recipe: Recipe) -> bool:
    return bool(recipe.targets or recipe.variation or recipe.turns)


def _check_noise(recipe: Recipe) -> None:
    within("seed", recipe.seed, 0, MAX_SEED, "leave it out for a random one")
    within("take", recipe.take, 0, MAX_TAKES - 1, "takes are counted from 0")
    within("variation", recipe.variation, 0, MAX_VARIATION, "0 is the take itself")
    if recipe.audition is not None:
        within("audition", recipe.audition, 0, MAX_AUDITIONS - 1, "0 is the take's own noise")
    within("turns", len(recipe.turns), 0, MAX_TURNS, "relatives of relatives; begin with an earlier one")
    for turn in recipe.turns:
        within("variation", turn.variation, 1, MAX_VARIATION, "each names other noise")
        within("share", turn.share, 0.0, 1.0, "of a quarter turn: 0 is the take itself, 1 other noise")


def _check_steering(recipe: Recipe) -> None:
    steering = recipe.steering
    if steering.strength is not None:
        within("strength", steering.strength, 0.0, 2.0, "what suits the targets when left out")
    if steering.auditions is not None:
        within("auditions", steering.auditions, 1, MAX_AUDITIONS, "1 keeps the noise of the seed")
    if steering.shortlist is not None:
        chooses = bool(recipe.targets) or (steering.auditions or 1) > 1
        most = (steering.auditions or 1) if chooses and steering.method == "guidance" else MAX_AUDITIONS
        within("shortlist", steering.shortlist, 1, most, "as many as auditions at most; 1 takes the nearest")
    if steering.events is not None:
        within("events", steering.events, 1, MAX_EVENTS, "the number of knocks, say")
    if steering.fader is not None:
        within("fader", steering.fader, 0.0, 60.0, "dB; 0 leaves all to guidance")
    within("iterations", steering.iterations, 1, 1000, "70 is the paper's number")


def check_seconds(seconds: float) -> None:
    """Raise :class:`UserError` unless a sound can be so long."""
    within("seconds", seconds, MIN_SECONDS, LONGEST, "above a model's own limit in windows")


def check_takes(takes: int) -> None:
    """Raise :class:`UserError` unless so many takes can be asked for at once."""
    within("takes", takes, 1, MAX_TAKES, "ask for fewer at a time")


def check_prompt(prompt: str, kind: str = "prompt") -> None:
    """Raise :class:`UserError` unless a prompt is one printable, non-empty line of at most 1,000 characters; ``kind``
    is what it is called."""
    if not prompt.strip():
        raise UserError(f"the {kind} is empty; {SAY[kind]}")
    if len(prompt) > MAX_PROMPT:
        raise UserError(f"the {kind} has {len(prompt):,} characters; at most {MAX_PROMPT:,} are accepted: shorten it")
    if any(unicodedata.category(character) in UNWRITABLE for character in prompt):
        raise UserError(f"the {kind} has control characters or line breaks; write it as one line of plain text")


def check_samples(clip: Clip, name: str) -> None:
    """Raise :class:`UserError` unless a sound has samples, all of them numbers within full scale."""
    if not clip.samples.size:
        raise UserError(f"{name} has no samples; give a recording that sounds")
    if not np.isfinite(clip.samples).all():
        raise UserError(f"{name} has samples that are no numbers (NaN or infinite); mend the file first")
    peak = max(float(np.abs(piece).max()) for piece in pieces(clip.samples))
    if peak > 1.0 + STEP_16:
        raise UserError(f"{name} goes beyond full scale (peak {peak:.3g}, 1 is full scale); turn it down first")


def check_source(clip: Clip, name: str) -> None:
    """Raise :class:`UserError` unless a recording lasts 0.1 s or more, its samples are numbers within full scale, and
    its channels do not cancel each other, as they are folded to one."""
    check_samples(clip, name)
    if clip.duration < MIN_SECONDS:
        raise UserError(f"{name} lasts {clip.duration:.3g} s; give a recording of {MIN_SECONDS} s or more")
    apart, folded = (float(np.square(x, dtype=np.float64).mean()) for x in (clip.samples, clip.samples.mean(0)))
    if folded < CANCELLED * apart / len(clip.samples):
        raise UserError(f"the channels of {name} cancel each other when they are folded to one; give one of them")


def check_model(recipe: Recipe, name: str, model_hash: str) -> None:
    """Raise :class:`UserError` unless the model of this name and hash made what a recipe describes."""
    if recipe.model_hash != model_hash:
        raise UserError(
            f"this clip was made by model {recipe.model} ({recipe.model_hash}), not by {name} ({model_hash}); load "
            "that model to work on it"
        )


def within(name: str, value: float, low: float, high: float, hint: str) -> None:
    """Raise :class:`UserError` unless ``low <= value <= high``; the hint goes in brackets after the range."""
    if not low <= value <= high:  # false for NaN as well
        raise UserError(f"{name} is {_shown(value)}; accepted are {low:,} to {high:,} ({hint})")


def _shown(value: float) -> str:
    """A number as it is quoted in an error: whole, but for one of many digits."""
    if isinstance(value, int) and abs(value) > LONG:
        return f"about {'-' if value < 0 else ''}10^{math.log10(abs(value)):.0f}"
    return f"{value:,}"
