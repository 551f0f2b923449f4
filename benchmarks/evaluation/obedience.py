"""Do attributes, counts and order move the signal as words say? Measured on the signal, not by a network."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evaluation.common import Bench, Figures, share
from soundctm.audio.recipe import Steering
from soundctm.metrics.signal import level_db, modulation_rate, onset_times, spectral_centroid

RATE = 44100
COUNTED = 60  # takes of each number of knocks: a share of ten says little
Measure = Callable[[np.ndarray], float]

# The subjects of twenty pairs, the word that should measure more, the word that should measure less.
PITCHED = ("beep", "bell", "whistle", "siren", "alarm", "drum", "owl hooting", "buzzer", "horn", "hum")
EVENTS = ("knocking", "footsteps", "clock ticking", "beeping", "drumming", "hammering", "dripping water", "heartbeat")
BODIES = ("dog barking", "door slamming", "metal hit", "explosion", "thud", "bell", "fire", "splash")
ANY = (
    "dog barking",
    "rain",
    "a bell",
    "knocking",
    "an engine",
    "a siren",
    "footsteps",
    "a whistle",
    "applause",
    "beeping",
)


def pairs(bench: Bench, steps: int, subjects: tuple[str, ...], words: tuple[str, str], measure: Measure) -> float:
    """Share of twenty pairs (same seed and take) in which the first word measures more than the second."""
    hits = []
    for i in range(20):
        subject = subjects[i % len(subjects)]
        more, less = (bench.takes_of(word.format(subject), steps, 1, 100 + i)[0] for word in words)
        hits.append(measure(more) > measure(less))
    return share(hits)


def dullness(samples: np.ndarray) -> float:
    """Low where high frequencies are missing: far sounds are dull."""
    return spectral_centroid(samples, RATE) + level_db(samples) / 12


def attributes(bench: Bench, steps: int) -> Figures:
    """The five pairs of opposites."""
    centroid: Measure = lambda x: spectral_centroid(x, RATE)
    rate: Measure = lambda x: modulation_rate(x, RATE)
    return {
        "high/low": pairs(bench, steps, PITCHED, ("a high-pitched {}", "a low-pitched {}"), centroid),
        "fast/slow": pairs(bench, steps, EVENTS, ("fast {}", "slow {}"), rate),
        "small/large": pairs(bench, steps, BODIES, ("a small {}", "a large {}"), centroid),
        "near/far": pairs(bench, steps, ANY, ("{} nearby", "{} far away"), dullness),
        "loud/quiet": pairs(bench, steps, ANY, ("loud {}", "quiet {}"), level_db),
    }


def counts(bench: Bench, steps: int) -> Figures:
    """Share of takes with exactly the number of knocks that was asked for, by their onsets; which take is made was
    chosen by another measure (:mod:`soundctm.audio.events`)."""
    figures: Figures = {}
    for number, word in enumerate(("one", "two", "three", "four", "five", "six"), 1):
        sounds = bench.takes_of(f"{word} knock{'s' if number > 1 else ''}", steps, COUNTED)
        figures[word] = share([len(onset_times(x, RATE)) == number for x in sounds])
    return figures


def counts_as_drawn(bench: Bench, steps: int) -> Figures:
    """The same of takes that begin with the noise of their seed, whatever is heard in it."""
    return counts(replace(bench, changes={"steering": Steering(auditions=1)}), steps)


ORDER = (("rain", "thunder"), ("knocking", "dog"), ("siren", "explosion"), ("bell", "applause"), ("engine", "horn"),
         ("bird", "wind"), ("footsteps", "door"), ("beep", "laser"), ("clock", "alarm"),
         ("waves", "whistle"))  # fmt: skip
CLASS_OF = {"knocking": "knock"}


def order(bench: Bench, steps: int) -> float:
    """Share of "A, then B" takes whose first 40 % sound more like A than B, and whose last 40 % more like B."""
    hits = []
    for first, second in ORDER:
        columns = [bench.listener.classes.index(CLASS_OF.get(name, name)) for name in (first, second)]
        for x in bench.takes_of(f"{first}, then {second}", steps, 4):
            part = int(0.4 * len(x))
            _, probabilities = bench.listener.hear([x[:part], x[-part:]])
            p = np.log(probabilities[:, columns] + 1e-9)
            hits.append(bool(p[0, 0] - p[0, 1] > p[1, 0] - p[1, 1] and p[0, 0] > p[0, 1] and p[1, 1] > p[1, 0]))
    return share(hits)
