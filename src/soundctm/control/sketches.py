"""What can be read from a recording: what a hummed, clapped or found sound does over time."""

from collections.abc import Sequence

import numpy as np
import torch

from soundctm.audio import Clip
from soundctm.audio.target import Feature
from soundctm.control.curves import CURVES, curve_times, level
from soundctm.control.frames import LONG_FRAME_SECONDS
from soundctm.control.pitch import voiced
from soundctm.errors import UserError

Points = Sequence[tuple[float, float | None]]

SILENCE = -60.0  # dB full scale: the floor of what is read from a recording
POINTS_PER_SECOND: dict[Feature, int] = {"intensity": 20, "brightness": 20, "band": 20, "pitch": 20, "onsets": 50}
DECIMALS: dict[Feature, int] = {"intensity": 2, "brightness": 1, "band": 2, "pitch": 2, "onsets": 3}
SHORTEST_RECORDING = 2 * LONG_FRAME_SECONDS


def read_points(clip: Clip, feature: Feature, seconds: float, low: float | None, high: float | None) -> Points:
    """Points of a target that follows a feature of ``clip`` (its channels averaged) over at most ``seconds``.

    20 points a second, 50 for onsets, whose peaks are narrower. Levels below -60 dB read -60 dB. Where the recording
    is quieter than that it has no brightness and no pitch, and where no fundamental stands out no pitch either: such
    stretches are free. Raises :class:`UserError` for a recording that is too short, broken or without the feature.
    """
    if clip.duration < SHORTEST_RECORDING:
        raise UserError(f"the recording lasts {clip.duration:.3g} s; give one of at least {SHORTEST_RECORDING:g} s")
    if not np.isfinite(clip.samples).all():
        raise UserError("the recording has samples that are not numbers; write the file anew without them")
    values, heard = _read(clip, feature, low, high)
    rate = POINTS_PER_SECOND[feature]
    times = np.arange(int(min(clip.duration, seconds) * rate + 1e-6) + 1) / rate
    centres = curve_times(clip.samples.shape[1], clip.sample_rate)
    nearest = np.minimum(np.rint(times / centres[1]).astype(int), len(centres) - 1)
    points = _join(np.minimum(times, seconds), values[nearest].round(DECIMALS[feature]), heard[nearest])
    if not points:
        raise UserError(
            f"the first {times[-1]:g} s of the recording have no {feature}; give one that is louder or clearer"
        )
    return points


def _join(times: np.ndarray, values: np.ndarray, heard: np.ndarray) -> Points:
    """Points where the feature is heard in two neighbours or more, and one free point for each stretch between."""
    beside = np.pad(heard, 1)
    heard = heard & (beside[:-2] | beside[2:])
    points: list[tuple[float, float | None]] = []
    for time, value, present in zip(times.tolist(), values.tolist(), heard.tolist(), strict=True):
        if present:
            points.append((time, value))
        elif points and points[-1][1] is not None:
            points.append((time, None))
    return tuple(points[:-1] if points and points[-1][1] is None else points)


@torch.no_grad()
def _read(clip: Clip, feature: Feature, low: float | None, high: float | None) -> tuple[np.ndarray, np.ndarray]:
    """The curve of a recording ``[frames]``, within the feature's range, and where it means something, bool."""
    x = torch.from_numpy(clip.samples.mean(0, dtype=np.float32))[None, None]
    curve = CURVES[feature]
    values = curve(x, clip.sample_rate, low, high)[0].double()
    floor = SILENCE if curve.unit == "dB" else curve.lowest
    values = values.clamp(floor, curve.highest)
    heard = torch.ones_like(values, dtype=torch.bool)
    if curve.octaves:
        heard = level(x, clip.sample_rate)[0] > SILENCE
    if feature == "pitch":
        heard &= voiced(x, clip.sample_rate)[0]
    return values.numpy(), heard.numpy()
