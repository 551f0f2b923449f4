"""What other precisions cost in quality: the figures of a model, in each of them, against float32.

`python benchmarks/precision.py --data FOLDER --out ../docs/figures/precision.json`
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from evaluation import closeness, recognition
from evaluation.common import Bench

from soundctm import SoundCTM
from soundctm.audio.io import write_atomically
from soundctm.metrics.evaluator import SHIPPED, load_listener
from soundctm.metrics.frechet import frechet_distance
from soundctm.training.data.recordings import ESC10_CLASSES

STEPS = (1, 16)


def figures_of(bench: Bench) -> dict[str, float]:
    """Shares of takes that are recognised, and the Frechet distance to held-out recordings."""
    figures: dict[str, float] = {}
    reference = bench.listener.hear(closeness.real(bench, held_out=True))[0]
    for steps in STEPS:
        figures[f"esc10 recognised, {steps} steps"] = recognition.esc10(bench, steps)["all"]
        figures[f"procedural recognised, {steps} steps"] = recognition.procedural(bench, steps)["all"]
        takes = [x for _, captions in ESC10_CLASSES.values() for x in bench.takes_of(captions[0], steps)]
        figures[f"frechet, {steps} steps"] = round(frechet_distance(bench.listener.hear(takes)[0], reference), 2)
    return figures


def drift(plain: SoundCTM, other: SoundCTM, takes: int = 8) -> dict[str, float]:
    """How far the same recipes come out from float32: RMS of the difference over RMS of the sound, in dB."""
    far = {}
    for steps in STEPS:
        clips = plain.generate("heavy rain, then a dog", takes=takes, steps=steps, seed=1)
        again = other.replay([clip.recipe for clip in clips if clip.recipe is not None])
        pairs = [(clip.samples, one.samples) for clip, one in zip(clips, again, strict=True)]
        ratios = [float(np.square(b - a).mean() / np.square(a).mean()) for a, b in pairs]
        far[f"{steps} steps"] = round(10 * float(np.log10(np.mean(ratios) + 1e-20)), 1)
    return far


def main() -> None:
    """Measure every precision on the same recipes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--evaluator", type=Path, default=SHIPPED, help="the one of the package when left out")
    parser.add_argument("--data", type=Path, required=True, help="folder with esc10")
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16", "int8"])
    parser.add_argument("--takes", type=int, default=10)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    plain, listener = SoundCTM.from_pretrained(arguments.model), load_listener(arguments.evaluator)
    found: dict[str, object] = {"model hash": plain.model_hash, "takes": arguments.takes}
    for precision in arguments.precisions:
        model = plain.optimize("eager", precision)
        bench = Bench(model, listener, arguments.data, arguments.takes)
        found[precision] = {**figures_of(bench), "from float32, dB": drift(plain, model)}
        text = json.dumps(found, indent=1)
        write_atomically(arguments.out, lambda file, text=text: file.write(text.encode()))
        print(f"{precision}: {found[precision]}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
