"""What a take of many steps keeps of its first, by where that step lands: `python refining.py --data FOLDER
--out ../docs/figures/refining.json`, in this folder. FOLDER holds ESC-10 as the folder `esc10`.
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
from soundctm.metrics.evaluator import load_listener

LEVELS = (None, 10.0, 3.0, 1.0, 0.7, 0.6, 0.5, 0.4, 0.3)  # None: on the grid
STEPS = 16


def figures_of(bench: Bench) -> dict[str, float]:
    """Distances of takes in 1 and 16 steps of one noise over those of two seeds, and the quality of the latter."""
    reference = closeness.to_real(bench, (STEPS,))
    heard, in_time = closeness.content(bench), closeness.content_in_time(bench)
    return {
        **{f"content, {name}": value for name, value in heard.items() if "gamma 0.0" in name},
        **{f"content in spectrograms, {name}": value for name, value in in_time.items() if "gamma 0.0" in name},
        "frechet": reference[f"takes, {STEPS} steps"]["frechet"],
        "frechet of reconstructions": reference["reconstructions"]["frechet"],
        "esc10 recognised": recognition.esc10(bench, STEPS)["all"],
    }


def main() -> None:
    """Measure level by level, saving after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--data", type=Path, required=True, help="folder with esc10")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--takes", type=int, default=10)
    parser.add_argument("--threads", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model, listener = SoundCTM.from_pretrained(arguments.model), load_listener()
    found: dict[str, object] = {"model hash": model.model_hash, "takes": arguments.takes, "steps": STEPS}
    for level in LEVELS:
        bench = Bench(model, listener, arguments.data, arguments.takes, {"sigma_first": level})
        name = "grid" if level is None else f"{level:g}"
        found[name] = figures_of(bench)
        text = json.dumps(found, indent=1).encode()
        write_atomically(arguments.out, lambda file, text=text: file.write(text))
        print(f"{name}: {found[name]}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
