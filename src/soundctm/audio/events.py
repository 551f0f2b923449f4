"""How many events a sound has, by its loudness alone: knocks, barks, shots, rings."""

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

FRAME = 0.005  # s of loudness at a time
LOOKS = ((0.015, 0.1), (0.03, 0.1), (0.05, 0.2))  # s: deviation of the smoothing Gaussian, least gap of events
FLOORS = (-20.0, -25.0, -30.0, -35.0)  # dB under the loudest moment: what is quieter is silence
RISE = 6.0  # dB that it rises to an event and falls again


def event_counts(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Events of a sound ``[length]`` in each of twelve ways of looking, ``[12]``: from near and from afar, above four
    floors.

    An event is a bump of the smoothed loudness. A count in which all ways agree is that of a clear sound: no event is
    much quieter than the others, none runs into the next, and none is two strokes in quick succession. How many
    procedural sounds, whose number is known, are clear in this sense: docs/counting.md.
    """
    frame = round(FRAME * sample_rate)
    power = np.add.reduceat(np.square(samples, dtype=np.float64), np.arange(0, len(samples), frame))
    if not power.max(initial=0.0):
        return np.zeros(len(LOOKS) * len(FLOORS), dtype=int)
    counts = []
    for width, gap in LOOKS:
        smooth = gaussian_filter1d(power, width / FRAME)
        level = 10 * np.log10(smooth / smooth.max() + 1e-9)
        for floor in FLOORS:
            above = np.pad(np.maximum(level, floor), 1, constant_values=floor)
            counts.append(len(find_peaks(above, prominence=RISE, distance=round(gap / FRAME))[0]))
    return np.asarray(counts)


def miscounted(samples: np.ndarray, sample_rate: int, number: int) -> float:
    """The share of these ways in which a sound ``[length]`` has another ``number`` of events: 0 where it clearly has as
    many, 1 where it has not."""
    return float(np.mean(event_counts(samples, sample_rate) != number))
