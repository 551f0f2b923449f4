"""Figures that the default gates of batches are held against: `python batch_gates.py`, in this folder.

Two takes of the name of each class of the evaluator, in one step and in sixteen, with every gate open. A good take is
one whose class the evaluator recognises.
"""

import csv
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from soundctm import Clip, SoundCTM
from soundctm.batch.gates import Gates
from soundctm.metrics.evaluator import Listener, load_listener

TAKES, STEPS, SEED = 2, (1, 16), 17
OPEN = {"silence": "-200", "clipping": "1", "dc": "1", "match": "-1", "duplicate": "2", "understood": "-1"}
Line = dict[str, str]


def batch(prompts: Sequence[str], steps: int, folder: Path) -> list[Line]:
    """The report of a sheet with these prompts, a take after the other."""
    cues = folder / "cues.csv"
    cues.write_text("\n".join(["prompt,takes,seed", *(f"{prompt},{TAKES},{SEED}" for prompt in prompts)]) + "\n")
    defaults = [
        word for name, value in (OPEN | {"steps": str(steps)}).items() for word in ("--default", f"{name}={value}")
    ]
    command = [sys.executable, "-m", "soundctm", "batch", str(cues), "--out", str(folder / str(steps)), *defaults]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    with (folder / str(steps) / "report.csv").open(encoding="utf-8-sig", newline="") as report:
        return list(csv.DictReader(report))


def recognised(lines: Sequence[Line], folder: Path, listener: Listener) -> np.ndarray:
    """Which takes the evaluator hears as what they are to be."""
    sounds = [Clip.load(folder / line["file"]).samples[0] for line in lines]
    _, probabilities = listener.hear(sounds)
    heard = [listener.classes[int(best)] for best in probabilities.argmax(1)]
    return np.array([name == line["prompt"].replace(" ", "_") for name, line in zip(heard, lines, strict=True)])


def say(lines: Sequence[Line], good: np.ndarray, steps: int) -> None:
    """The figures of one number of steps."""
    figures = {name: np.array([float(line[name] or "nan") for line in lines]) for name in
               ("loudest", "clipped", "dc", "match", "nearest")}  # fmt: skip
    match, alike = figures["match"], figures["nearest"][TAKES - 1 :: TAKES]
    passed, length = match >= Gates().match, len(good)
    quietest, largest = figures["loudest"][good].min(), np.abs(figures["dc"]).max()
    print(f"{steps} steps: {good.sum()} of {length} good; loudest 50 ms of these, lowest {quietest:.0f} dB")
    print(f"  at full scale, largest share {figures['clipped'].max():.5f}; mean, largest {largest:.4f}")
    lowest, hundredth = match[good].min(), np.percentile(match[good], 1)
    print(f"  match of good takes, lowest {lowest:.2f}, lowest 1 % {hundredth:.2f}; pass {passed[good].mean():.3f}")
    print(f"  refused of the others {(~passed[~good]).sum()} of {(~good).sum()}")
    print(f"  likeness of two takes, median {np.nanmedian(alike):.3f}, largest {np.nanmax(alike):.3f}")


def main() -> None:
    """Measure and print."""
    listener = load_listener()
    print(f"model {SoundCTM.from_pretrained('mini').model_hash}")
    prompts = [name.replace("_", " ") for name in listener.classes]
    with tempfile.TemporaryDirectory() as folder:
        for steps in STEPS:
            lines = batch(prompts, steps, Path(folder))
            say(lines, recognised(lines, Path(folder) / str(steps), listener), steps)


if __name__ == "__main__":
    main()
