"""How many events a sound has, by its loudness alone: knocks, barks, shots, rings."""

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

FRAME = 0.005  # s of loudness at a time
WIDTHS = (0.025, 0.05)  # s: standard deviation of the Gaussian that smooths it
FLOORS = (-20.0, -25.0, -30.0, -35.0)  # dB under the loudest moment: what is quieter is silence
RISE = 6.0  # dB that it rises to an event and falls again
APART = 0.2  # s between two events at least


def event_counts(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Events of a sound ``[length]`` in each of eight ways of looking, ``[8]``: two widths by four floors.

    An event is a bump of the smoothed loudness. A count in which all ways agree is that of a clear sound: none of its
    events is much quieter than the others, and none runs into the next. Of 1,500 procedural sounds of one to six events
    all ways find the true number in 0.93, by class (splashes 0.04, explosions 0.47, all others 0.89 and more:
    ``python benchmarks/events.py``).
    """
    frame = round(FRAME * sample_rate)
    power = np.add.reduceat(np.square(samples, dtype=np.float64), np.arange(0, len(samples), frame))
    if not power.max(initial=0.0):
        return np.zeros(len(WIDTHS) * len(FLOORS), dtype=int)
    counts = []
    for width in WIDTHS:
        smooth = gaussian_filter1d(power, width / FRAME)
        level = 10 * np.log10(smooth / smooth.max() + 1e-9)
        for floor in FLOORS:
            above = np.pad(np.maximum(level, floor), 1, constant_values=floor)
            counts.append(len(find_peaks(above, prominence=RISE, distance=round(APART / FRAME))[0]))
    return np.asarray(counts)


def miscounted(samples: np.ndarray, sample_rate: int, number: int) -> float:
    """The share of these ways in which a sound ``[length]`` has another ``number`` of events: 0 where it clearly has as
    many, 1 where it has not."""
    return float(np.mean(event_counts(samples, sample_rate) != number))
