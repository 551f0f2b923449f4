"""Counts of events: how well they are heard, and how many takes have the number that their prompt says, with and
without the choice of a noise: `python benchmarks/counting.py --out docs/figures/counting.json`."""

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from soundctm import SoundCTM
from soundctm.audio.events import miscounted
from soundctm.audio.recipe import Steering
from soundctm.conditioning.counts import WORDS
from soundctm.metrics.signal import onset_times
from soundctm.training.data.procedural import REGISTRY, compose

RATE = 44100
SOUNDS = 1500  # procedural ones, whose number is known
SURE = 0.95  # of the procedural sounds of a class: where the judge hears fewer numbers right, it judges no takes
JUDGES = ("judge", "strict judge")
NUMBERS = dict(enumerate(WORDS[:5], 2))


def judged(samples: np.ndarray, number: int) -> tuple[bool, bool]:
    """By spectral flux, which noises are not chosen by: with 0.2 s between events, and with 0.07, so that a stroke of
    two is two."""
    return len(onset_times(samples, RATE)) == number, len(onset_times(samples, RATE, 0.07)) == number


def detectors() -> dict[str, dict[str, float]]:
    """Share of procedural sounds, by class, of which the chooser and the judges hear the true number."""
    rng = np.random.default_rng(3)
    heard: dict[str, list[tuple[bool, ...]]] = defaultdict(list)
    for _ in range(SOUNDS):
        sample = compose.counted(rng, 5 * RATE)
        number = sample.attributes.count
        heard[sample.classes[0]].append((miscounted(sample.audio, RATE, number) == 0, *judged(sample.audio, number)))
    return {
        name: dict(zip(("chooser", *JUDGES), (round(float(x), 3) for x in np.mean(hits, axis=0)), strict=True))
        for name, hits in sorted(heard.items())
    }


def takes_of(model: SoundCTM, name: str, steps: int, count: int, auditions: int | None) -> tuple[np.ndarray, float]:
    """What the judges say of ``count`` takes of each number of events, ``[numbers, count, 2]``, and seconds a take."""
    events = REGISTRY[name].events
    if events is None:
        raise ValueError(f"{name} has no events")
    start = time.perf_counter()
    hits = []
    for number, word in NUMBERS.items():
        prompt = f"{word} {events[1]}"
        clips = model.generate(prompt, takes=count, steps=steps, seed=11, steering=Steering(auditions=auditions))
        hits.append([judged(clip.samples[0], number) for clip in clips])
    return np.array(hits), (time.perf_counter() - start) / len(NUMBERS) / count


def summed(made: dict[str, tuple[np.ndarray, float]], judge: int, classes: list[str]) -> dict[str, object]:
    """Shares over all, by class and by number."""
    found = {name: made[name][0][..., judge] for name in classes}
    by_number = np.mean([hits.mean(1) for hits in found.values()], axis=0)
    return {
        "all": round(float(np.mean([hits.mean() for hits in found.values()])), 3),
        "by number": dict(zip(WORDS, (round(float(share), 3) for share in by_number), strict=False)),
        "by class": {name: round(float(hits.mean()), 3) for name, hits in found.items()},
    }


def main() -> None:
    """Detectors, then takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--takes", type=int, default=10, help="of each prompt")
    parser.add_argument("--out", type=Path, default=Path("docs/figures/counting.json"))
    arguments = parser.parse_args()
    model = SoundCTM.from_pretrained(arguments.model)
    figures: dict[str, object] = {"model hash": model.model_hash, "threads": torch.get_num_threads()}
    figures["detectors"] = found = detectors()
    sure = [[name for name, each in found.items() if each[judge] >= SURE] for judge in JUDGES]
    for steps in (1, 16):
        for how, auditions in (("as drawn", 1), ("chosen", None)):
            names = sorted({*sure[0], *sure[1]})
            made = {name: takes_of(model, name, steps, arguments.takes, auditions) for name in names}
            shares = {name: summed(made, judge, sure[judge]) for judge, name in enumerate(JUDGES)}
            pace = round(float(np.mean([seconds for _, seconds in made.values()])), 3)
            figures[f"{how}, {steps} steps"] = {**shares, "seconds per take": pace}
            print(f"{how}, {steps} steps: {figures[f'{how}, {steps} steps']}", flush=True)
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
