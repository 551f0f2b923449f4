"""Takes a minute of a cue sheet, against one take after the other.

`python batch_throughput.py --out ../docs/figures/batch_throughput.json`

Three ways to a folder of sounds and pictures, in turn, so that a busy machine slows all of them: a batch, with gates,
deliveries and report; a loop over `generate`, `save` and the batch's own pictures in one process, without any of these;
and a command for each take, of which only a few are timed. One take of each class that the evaluator knows.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from soundctm import SoundCTM
from soundctm.audio.io import write_atomically
from soundctm.batch.config import Config
from soundctm.batch.job import checked, make_batch
from soundctm.batch.outlet import picture
from soundctm.batch.reading import SheetText
from soundctm.benchmark.machine import describe
from soundctm.metrics.evaluator import load_listener

COMMANDS = 4  # takes that a command each is started for
Way = Callable[[SoundCTM, Sequence[str], int, int, Path], int]


def batch(model: SoundCTM, prompts: Sequence[str], steps: int, seed: int, folder: Path) -> int:
    """One cue sheet. Takes that fail a gate are tried again: what counts is what was kept."""
    sheet = SheetText("cues", "\n".join(["prompt,steps", *(f"{prompt},{steps}" for prompt in prompts)]), "csv")
    config = Config(seed=seed)
    outcome = make_batch(model, checked(sheet, config, model.config), sheet.source, folder, config)
    return sum(result.kept for result in outcome.results)


def loop(model: SoundCTM, prompts: Sequence[str], steps: int, seed: int, folder: Path) -> int:
    """One after the other in one process."""
    for number, prompt in enumerate(prompts):
        (clip,) = model.generate(prompt, steps=steps, seed=seed)
        clip.save(folder / f"{number}.wav")
        (folder / f"{number}.png").write_bytes(picture(clip))
    return len(prompts)


def commands(model: SoundCTM, prompts: Sequence[str], steps: int, seed: int, folder: Path) -> int:
    """A program for each."""
    for prompt in prompts[:COMMANDS]:
        command = ["generate", prompt, "--takes", "1", "--steps", str(steps), "--seed", str(seed), "--out", str(folder)]
        subprocess.run([sys.executable, "-m", "soundctm", *command], check=True, capture_output=True)
    return COMMANDS


WAYS: dict[str, Way] = {"batch": batch, "loop": loop, "commands": commands}


def takes_a_minute(way: Way, model: SoundCTM, prompts: Sequence[str], steps: int, seed: int) -> float:
    """Of one way, once."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        made = way(model, prompts, steps, seed, Path(folder))
        return 60 * made / (time.perf_counter() - begun)


def measured(model: SoundCTM, prompts: Sequence[str], steps: int, rounds: int) -> dict[str, float]:
    """Medians over the rounds; those of the gains are of ratios within a round. A round before them warms up."""
    found: dict[str, list[float]] = {name: [] for name in WAYS}
    for number in range(rounds + 1):
        for name, way in WAYS.items():
            rate = takes_a_minute(way, model, prompts, steps, number)
            if number:
                found[name].append(rate)
    gains = {
        f"batch over {name}": median(fast / slow for fast, slow in zip(found["batch"], found[name], strict=True))
        for name in ("loop", "commands")
    }
    return {name: round(value, 2) for name, value in {**{k: median(v) for k, v in found.items()}, **gains}.items()}


def main() -> None:
    """Measure in one step and in sixteen, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    model = SoundCTM.from_pretrained("mini")
    prompts = [name.replace("_", " ") for name in load_listener().classes]
    figures = {
        "machine": describe(model.device).model_dump(), "model": model.name, "model_hash": model.model_hash,
        "rows": len(prompts), "rounds": arguments.rounds,
        **{f"takes a minute, steps {steps}": measured(model, prompts, steps, arguments.rounds) for steps in (1, 16)},
    }  # fmt: skip
    text = json.dumps(figures, indent=1)
    write_atomically(arguments.out, lambda file: file.write(text.encode()))
    print(text)


if __name__ == "__main__":
    main()
