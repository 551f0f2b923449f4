"""How many events a sound has, by its loudness alone: knocks, barks, shots, rings."""

import numpy as np

FRAME = 0.005  # s of loudness at a time
LOOKS = ((0.015, 0.1), (0.03, 0.1), (0.05, 0.2))  # s: deviation of the smoothing Gaussian, least gap of events
FLOORS = (-20.0, -25.0, -30.0, -35.0)  # dB under the loudest moment: what is quieter is silence
RISE = 6.0  # dB that it rises to an event and falls again


def event_counts(samples: np.ndarray, sample_rate: int, circle: bool = False) -> np.ndarray:
    """Events of a sound ``[length]`` in each of twelve ways of looking, ``[12]``: from near and from afar, above four
    floors. A sound that loops is a ``circle``, in which an event may go on from the end into the beginning.

    An event is a bump of the smoothed loudness. A count in which all ways agree is that of a clear sound: no event is
    much quieter than the others, none runs into the next, and none is two strokes in quick succession. How many
    procedural sounds, whose number is known, are clear in this sense: docs/counting.md.
    """
    frame = round(FRAME * sample_rate)
    power = np.add.reduceat(np.square(samples, dtype=np.float64), np.arange(0, len(samples), frame))
    return counts_of_power(power, FRAME, circle)


def counts_of_power(power: np.ndarray, frame: float, circle: bool = False) -> np.ndarray:
    """:func:`event_counts` of a sound of which only the power is known, ``[frames]``, each of ``frame`` seconds."""
    from scipy.ndimage import gaussian_filter1d  # scipy is slow to load
    from scipy.signal import find_peaks

    if not power.max(initial=0.0):
        return np.zeros(len(LOOKS) * len(FLOORS), dtype=int)
    counts = []
    for width, gap in LOOKS:
        smooth = gaussian_filter1d(power, width / frame, mode="wrap" if circle else "reflect")
        level = 10 * np.log10(smooth / smooth.max() + 1e-9)
        if circle:
            level = np.roll(level, -int(level.argmin()))  # no event goes on through the quietest moment
        for floor in FLOORS:
            above = np.pad(np.maximum(level, floor), 1, constant_values=floor)
            counts.append(len(find_peaks(above, prominence=RISE, distance=max(1, round(gap / frame)))[0]))
    return np.asarray(counts)


def events_heard(samples: np.ndarray, sample_rate: int, circle: bool = False) -> int:
    """The number that most ways of looking find, the lowest of several."""
    return int(np.bincount(event_counts(samples, sample_rate, circle)).argmax())


def miscounted(samples: np.ndarray, sample_rate: int, number: int, circle: bool = False) -> float:
    """The share of the ways of looking in which a sound has another ``number`` of events: 0 where it clearly has so
    many, 1 where no way finds so many."""
    return float(np.mean(event_counts(samples, sample_rate, circle) != number))
