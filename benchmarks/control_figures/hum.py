"""A hummed sketch: a hum whose envelope is known, written to a file, read as a target, and followed."""

from pathlib import Path

import numpy as np
import torch

from control_figures import pictures
from control_figures.measure import mean, median
from control_figures.place import Figures, Piece, Place, Sizes, figures_of, piece
from control_figures.section import Claim, Section, Table, number
from soundctm.audio import Clip
from soundctm.control.curves import CURVES, curve_times
from soundctm.control.targets import from_recording

# The hum's level in dB full scale over the share of the clip; below SILENT it counts as a silence.
LEVELS = ((0.0, -90.0), (0.05, -90.0), (0.08, -32.0), (0.26, -14.0), (0.42, -30.0), (0.45, -90.0), (0.53, -90.0),
          (0.56, -20.0), (0.8, -16.0), (0.95, -40.0), (1.0, -44.0))  # fmt: skip
SILENT = -60.0
PROMPTS = ("rain", "wind", "sea waves", "a helicopter", "fire crackling", "applause")
NAME, STEPS, SEED = "hum", 16, 800
NEEDED_DB = 3.0


def pieces(sizes: Sizes) -> list[Piece]:
    """One."""
    return [piece(NAME, 3.0 * sizes.hummed, run, prompts=list(PROMPTS[: sizes.hummed]), steps=STEPS, seed=SEED)]


def known_levels(times: np.ndarray, seconds: float) -> np.ndarray:
    """The hum's level in dB at ``times`` in seconds."""
    at, levels = (np.asarray(values) for values in zip(*LEVELS, strict=True))
    return np.interp(times, at * seconds, levels)


def hum(seconds: float, rate: int) -> np.ndarray:
    """A hum ``[length]``: 150 Hz with vibrato and eight partials, of unit power before its envelope."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * 150 * t + 0.8 * np.sin(2 * np.pi * 5 * t)
    partials = [np.sin(k * phase) / k for k in range(1, 9) if k * 170 < rate / 2]
    tone = np.sum(partials, axis=0)
    return np.asarray(tone / np.sqrt(np.mean(np.square(tone))) * 10 ** (known_levels(t, seconds) / 20), np.float32)


def intensity(samples: np.ndarray, rate: int) -> np.ndarray:
    """The smoothed intensity ``[frames]`` of mono samples."""
    return np.asarray(CURVES["intensity"](torch.from_numpy(samples)[None, None], rate)[0])


def run(place: Place, prompts: list[str], steps: int, seed: int) -> Figures:
    """How far takes that follow the hum's file are from the hum."""
    model, rate, seconds = place.model, place.model.sample_rate, place.seconds
    sketch = Clip(hum(seconds, rate)[None], rate)
    place.keep(NAME, "hum", sketch)
    read = from_recording(Clip.load(place.sound_path(NAME, "hum")), "intensity", seconds)
    wanted = intensity(sketch.samples[0], rate)
    times = curve_times(sketch.samples.shape[1], rate)
    heard = known_levels(times, seconds) > SILENT
    curves, errors, everywhere = [], [], []
    for i, prompt in enumerate(prompts):
        clip = model.generate(prompt, steps=steps, seed=seed + i, targets=[read])[0]
        curves.append(intensity(clip.samples[0], rate))
        difference = np.square(curves[-1] - wanted)
        errors.append(round(float(np.sqrt(difference[heard].mean())), 3))
        everywhere.append(round(float(np.sqrt(difference.mean())), 3))
    place.keep_arrays(NAME, {"times": times, "wanted": wanted, "heard": heard, "curves": np.stack(curves)})
    values, bound = read.at(times)
    return {
        "errors": dict(zip(prompts, errors, strict=True)),
        "everywhere": dict(zip(prompts, everywhere, strict=True)),
        "reading": round(float(np.sqrt(np.square(values - wanted)[bound & heard].mean())), 3),
        "silent": round(float(1 - heard.mean()), 3),
    }


def summary(place: Place) -> Figures | None:
    """The figures as they are."""
    return figures_of(place, pieces(place.sizes)[0])


def section(figures: Figures) -> Section:
    """Errors by prompt."""
    errors: dict[str, float] = figures["errors"]
    rows = [[prompt, number(error), number(figures["everywhere"][prompt])] for prompt, error in errors.items()]
    rows.append(["mean", number(mean(list(errors.values()))), number(mean(list(figures["everywhere"].values())))])
    how = (
        f"A synthetic hum with {len(LEVELS)} corner points of level and two silences "
        f"({100 * figures['silent']:.0f} % of the time) is written to a WAV, read by `from_recording`, and followed in "
        f"{STEPS} steps with the default strength. The error is the RMS difference between the intensity curves of "
        f"take and hum, where the hum's own level is above {SILENT:.0f} dB. Reading alone errs by "
        f"{number(figures['reading'], 2)} dB."
    )
    middle, worst = median(list(errors.values())), max(errors.values())
    met = f"{number(middle)} dB (median), {number(worst)} dB (worst of {len(errors)} prompts)"
    wanted = Claim("tracking a hummed envelope outside silences", f"within {NEEDED_DB:.0f} dB RMS, every prompt", met,
                   worst <= NEEDED_DB)  # fmt: skip
    header = ("prompt", "error outside silences, dB RMS", "error everywhere")
    pictured = [("control_hum.png", "Intensity of the hum (thick) and of takes that follow it; silences are shaded")]
    return Section("A hummed envelope", how, [Table(header, rows)], [wanted], pictured)


def draw(place: Place, images: Path) -> None:
    """The hum's curve and those of the takes."""
    arrays = place.arrays(NAME)
    labels = PROMPTS[: place.sizes.hummed]
    pictures.followers(images / "control_hum.png", arrays["times"], arrays["wanted"], arrays["curves"], labels,
                       ~arrays["heard"])  # fmt: skip
