"""What other precisions cost in quality: the figures of a model, in each of them, against float32 of the same engine.

`python precision.py --data FOLDER --out ../docs/figures/precision.json`, in this folder. A precision passes where it
loses at most one point: in each column at most 0.01 of the takes fewer are recognised, and the Frechet distance is at
most 1 larger. The exit code is 1 where int8 does not pass, 2 where a precision is not to be had.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ending import mistakes_told
from evaluation import closeness, recognition
from evaluation.common import Bench

from soundctm import SoundCTM
from soundctm.audio.io import write_atomically
from soundctm.benchmark.machine import describe
from soundctm.benchmark.settings import check_out
from soundctm.checks import check_takes
from soundctm.engines.threads import threads
from soundctm.errors import UserError
from soundctm.metrics.evaluator import SHIPPED, load_listener
from soundctm.metrics.frechet import frechet_distance
from soundctm.training.data.recordings import ESC10_CLASSES

STEPS = (1, 16)
ENGINES = {"eager": ("bfloat16", "int8"), "onnx": ("int8",)}  # and their precisions beside float32
GATED = "int8"  # what must pass
LOSS, FARTHER = 0.01, 1.0  # what any share of recognised takes may lose, and any Frechet distance gain
PASS = "pass"
Found = Mapping[str, float]


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


def verdict(figures: Found, plain: Found) -> str:
    """Whether a precision keeps to the gate, beside the figures of float32; if not, in what it is worse."""
    worse = []
    for name, before in plain.items():
        distance = name.startswith("frechet")
        loss = round(figures[name] - before if distance else before - figures[name], 6)  # as floats, 0.95 - 0.94 > 0.01
        if not loss <= (FARTHER if distance else LOSS):  # a figure that is no number is worse, too
            worse.append(f"{name}: {figures[name]:g}, float32 {before:g}")
    return "; ".join(worse) or PASS


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


def main(given: Sequence[str] | None = None) -> None:
    """Read what is asked for; what the user can mend ends with 2."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--evaluator", type=Path, default=SHIPPED, help="the one of the package when left out")
    parser.add_argument("--data", type=Path, required=True, help="folder with esc10")
    parser.add_argument("--engine", choices=tuple(ENGINES), default="eager")
    parser.add_argument("--precisions", nargs="+", help="beside float32; all of the engine when left out")
    parser.add_argument("--takes", type=int, default=32, help="of each prompt")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args(given)
    with mistakes_told(), threads(arguments.threads):
        sys.exit(measure(arguments))


def measure(arguments: argparse.Namespace) -> int:
    """Measure every precision on the same recipes, and write the figures after each; the exit code."""
    check_out(arguments.out)
    check_takes(arguments.takes)
    if not (arguments.data / "esc10").is_dir():
        raise UserError(f"{arguments.data} holds no esc10; give --data the folder of the recordings")
    plain, listener = SoundCTM.from_pretrained(arguments.model), load_listener(arguments.evaluator)
    precisions = ("float32", *(arguments.precisions or ENGINES[arguments.engine]))
    models = {name: plain.optimize(arguments.engine, name) for name in precisions}  # says at once what is not here
    found: dict[str, Any] = {
        "machine": describe(plain.device).model_dump(), "model hash": plain.model_hash, "engine": arguments.engine,
        "takes": arguments.takes,
    }  # fmt: skip
    standard: dict[str, float] = {}
    for precision, model in models.items():
        figures = figures_of(Bench(model, listener, arguments.data, arguments.takes))
        standard = standard or figures
        found[precision] = {
            **figures, "from float32, dB": drift(plain, model), "verdict": verdict(figures, standard)
        }  # fmt: skip
        text = json.dumps(found, indent=1)
        write_atomically(arguments.out, lambda file, text=text: file.write(text.encode()))
        print(f"{precision}: {found[precision]}", file=sys.stderr, flush=True)
    return int(GATED in found and found[GATED]["verdict"] != PASS)


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
