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
NUMBERS = dict(enumerate(WORDS[:5], 2))


def judged(samples: np.ndarray, number: int) -> bool:
    """By spectral flux: not the measure that noises are chosen by."""
    return len(onset_times(samples, RATE)) == number


def detectors() -> dict[str, dict[str, float]]:
    """Share of procedural sounds, by class, of which the chooser and the judge hear the true number."""
    rng = np.random.default_rng(3)
    heard: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for _ in range(SOUNDS):
        sample = compose.counted(rng, 5 * RATE)
        number = sample.attributes.count
        heard[sample.classes[0]].append((miscounted(sample.audio, RATE, number) == 0, judged(sample.audio, number)))
    shares = {name: np.mean(hits, axis=0) for name, hits in sorted(heard.items())}
    return {name: {"chooser": round(float(a), 3), "judge": round(float(b), 3)} for name, (a, b) in shares.items()}


def takes_of(model: SoundCTM, name: str, steps: int, count: int, auditions: int | None) -> tuple[list[bool], float]:
    """Whether each of ``count`` takes of 2 to 6 events has as many, and seconds per take."""
    events = REGISTRY[name].events
    if events is None:
        raise ValueError(f"{name} has no events")
    hits: list[bool] = []
    start = time.perf_counter()
    for number, word in NUMBERS.items():
        prompt = f"{word} {events[1]}"
        clips = model.generate(prompt, takes=count, steps=steps, seed=11, steering=Steering(auditions=auditions))
        hits += [judged(clip.samples[0], number) for clip in clips]
    return hits, (time.perf_counter() - start) / len(hits)


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
    sure = [name for name, each in found.items() if each["judge"] >= SURE]
    for steps in (1, 16):
        for how, auditions in (("as drawn", 1), ("chosen", None)):
            made = {name: takes_of(model, name, steps, arguments.takes, auditions) for name in sure}
            shares = {name: round(float(np.mean(hits)), 3) for name, (hits, _) in made.items()}
            figures[f"{how}, {steps} steps"] = {
                "all": round(float(np.mean(list(shares.values()))), 3), **shares,
                "seconds per take": round(float(np.mean([seconds for _, seconds in made.values()])), 3),
            }  # fmt: skip
            print(f"{how}, {steps} steps: {figures[f'{how}, {steps} steps']}", flush=True)
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
