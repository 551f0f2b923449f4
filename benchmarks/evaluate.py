"""All figures of a model: `python benchmarks/evaluate.py --data FOLDER --out docs/figures`."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from evaluation import closeness, obedience, recognition
from evaluation.common import Bench

from soundctm import SoundCTM
from soundctm.audio.spectrogram import save_sheet
from soundctm.metrics.evaluator import SHIPPED, load_listener
from soundctm.training.data.recordings import ESC10_CLASSES, find_recordings, fit_length, load_mono


def questions(bench: Bench) -> dict[str, Callable[[], object]]:
    """Each figure's name and how to get it; what needs recordings or a teacher only where they are."""
    asked: dict[str, Callable[[], object]] = {}
    for steps in (1, 16):
        asked[f"esc10 recognised, {steps} steps"] = lambda n=steps: recognition.esc10(bench, n)
        asked[f"unseen words recognised, {steps} steps"] = lambda n=steps: recognition.unseen(bench, n)
        asked[f"attributes, {steps} steps"] = lambda n=steps: obedience.attributes(bench, n)
        asked[f"counts of knocks, {steps} steps"] = lambda n=steps: obedience.counts(bench, n)
        asked[f"counts as drawn, {steps} steps"] = lambda n=steps: obedience.counts_as_drawn(bench, n)
        asked[f"order, {steps} steps"] = lambda n=steps: obedience.order(bench, n)
    asked["content kept"] = lambda: closeness.content(bench)
    asked["content kept, in spectrograms"] = lambda: closeness.content_in_time(bench)
    if bench.recordings:
        asked["distance to held-out recordings"] = lambda: closeness.to_real(bench, (1, 4, 16))
        if bench.model.teacher is not None:
            asked["frechet over the teacher's"] = lambda: closeness.to_teacher(bench)
    for steps in (1, 16):
        asked[f"procedural recognised, {steps} steps"] = lambda n=steps: recognition.procedural(bench, n)
    return asked


def picture(bench: Bench, path: Path) -> None:
    """Real, reconstruction, 1 step, 16 steps for the ten classes."""
    if bench.recordings is None:
        return
    rows = []
    for name, captions in ESC10_CLASSES.values():
        first = next(r for r in find_recordings(bench.recordings) if r.held_out and r.class_name == name)
        original = fit_length(load_mono(first.path), closeness.LENGTH)
        takes = [bench.takes_of(captions[0], steps, 1)[0] for steps in (1, 16)]
        rows.append([original, *closeness.reconstruct(bench, [original]), *takes])
    names = [name for name, _ in ESC10_CLASSES.values()]
    save_sheet(rows, 44100, path, names, ["recording", "reconstruction", "1 step", "16 steps"])


def main() -> None:
    """Run every question, saving after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mini")
    parser.add_argument("--evaluator", type=Path, default=SHIPPED, help="the one of the package when left out")
    parser.add_argument("--data", type=Path, help="folder with esc10")
    parser.add_argument("--out", type=Path, default=Path("docs/figures"))
    parser.add_argument("--takes", type=int, default=10)
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--only", default="", help="only questions whose name holds this")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    bench = Bench(
        SoundCTM.from_pretrained(arguments.model), load_listener(arguments.evaluator), arguments.data, arguments.takes
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "figures.json"
    figures = json.loads(path.read_text()) if path.exists() else {}
    figures = figures if figures.get("model hash") == bench.model.model_hash else {"model hash": bench.model.model_hash}
    asked = {name: ask for name, ask in questions(bench).items() if arguments.only in name}
    for index, (name, ask) in enumerate(asked.items(), 1):
        start = time.monotonic()
        figures[name] = ask()
        path.write_text(json.dumps(figures, indent=1))
        shown = figures[name]
        brief = shown.get("all", shown) if isinstance(shown, dict) else shown
        print(
            f"[{index}/{len(asked)}] {name}: {brief}  ({time.monotonic() - start:.0f} s)", file=sys.stderr, flush=True
        )
    if not arguments.only:
        picture(bench, arguments.out.parent / "images" / "ten_classes.png")


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
