"""How alike relatives of a take are, and how many takes are found for sets: `python set_likeness.py`, in this folder.

Quartiles of the likeness to the first take, of two relatives at each gamma, and of a take of new noise. Then one set of
twelve for each caption and distance, by `soundctm batch`.
"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import get_args

import numpy as np

from soundctm import SoundCTM
from soundctm.batch.ear import likeness
from soundctm.batch.kinship import Distance
from soundctm.metrics.likeness import Likeness
from soundctm.training.data.recordings import ESC10_CLASSES

CAPTIONS = (
    *(captions[0] for _, captions in ESC10_CLASSES.values()),
    "three knocks", "footsteps", "a bell", "thunder", "a laser", "wind",
)  # fmt: skip
STEPS, SEED, GAMMAS, TAKES = 16, 3, (0.02, 0.05, 0.1, 0.2, 0.5), 12


def relatives(model: SoundCTM) -> dict[str, list[float]]:
    """Likenesses to the first take, by how the others were made."""
    embed = Likeness()
    found: dict[str, list[float]] = {**{f"gamma {gamma:g}": [] for gamma in GAMMAS}, "new noise": []}
    for caption in CAPTIONS:
        first, other = model.generate(caption, takes=2, steps=STEPS, seed=SEED)
        made = {f"gamma {gamma:g}": model.vary(first, gamma=gamma, takes=2, steps=STEPS) for gamma in GAMMAS}
        for name, clips in (made | {"new noise": [other]}).items():
            found[name] += [likeness(*(unit(embed(clip)) for clip in (first, clip))) for clip in clips]
    return found


def unit(embedding: np.ndarray | None) -> np.ndarray:
    """Of length one; a take that is silent has none."""
    if embedding is None:
        raise SystemExit("a take is silent and cannot be compared")
    return embedding / np.linalg.norm(embedding)


def sets(distance: Distance, folder: Path) -> list[dict[str, str]]:
    """The report of a sheet with one set for each caption."""
    rows = [f'"{caption}",{TAKES},{distance},{STEPS},{SEED}' for caption in CAPTIONS]
    cues = folder / f"{distance}.csv"
    cues.write_text("\n".join(["prompt,takes,distance,steps,seed", *rows]) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "soundctm", "batch", str(cues), "--out", str(folder / distance), "--json"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):  # 1: some takes were left out, which is what is counted
        raise SystemExit(done.returncode)
    with (folder / distance / "report.csv").open(encoding="utf-8", newline="") as report:
        return list(csv.DictReader(report))


def shortest(found: list[dict[str, str]]) -> str:
    """The sets that are not whole, and how many takes they have."""
    counts = {row["prompt"]: 0 for row in found}
    for row in found:
        counts[row["prompt"]] += row["verdict"] == "kept"
    return ", ".join(f"{prompt} {count}" for prompt, count in counts.items() if count < TAKES) or "none"


def main() -> None:
    """Measure and print."""
    model = SoundCTM.from_pretrained("mini")
    print(f"model {model.model_hash}")
    for name, values in relatives(model).items():
        low, middle, high = np.percentile(values, (25, 50, 75))
        print(f"{name}: {low:.2f} to {high:.2f}, median {middle:.2f}, of {len(values)}")
    with tempfile.TemporaryDirectory() as folder:
        for distance in get_args(Distance):
            found = sets(distance, Path(folder))
            kept = sum(row["verdict"] == "kept" for row in found)
            tries = sum(int(row["tries"]) for row in found)
            print(f"{distance}: {kept} of {len(found)} takes, from {tries} candidates; not whole: {shortest(found)}")


if __name__ == "__main__":
    main()
