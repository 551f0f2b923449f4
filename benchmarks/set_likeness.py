"""How alike relatives of a take are, and how many takes are found for sets: `python set_likeness.py`, in this folder.

Quartiles of the likeness to the first take and among themselves of four relatives whose start is turned, and of four by
gamma. Then one set of twelve for each caption and distance, by `soundctm batch`.
"""

import csv
import subprocess
import sys
import tempfile
from itertools import combinations
from pathlib import Path
from typing import get_args

import numpy as np

from soundctm import SoundCTM
from soundctm.audio import Recipe
from soundctm.batch.ear import likeness
from soundctm.batch.kinship import Distance
from soundctm.metrics.likeness import Likeness
from soundctm.revisions import relatives, turned
from soundctm.training.data.recordings import ESC10_CLASSES

CAPTIONS = (
    *(captions[0] for _, captions in ESC10_CLASSES.values()),
    "three knocks", "footsteps", "a bell", "thunder", "a laser", "wind",
)  # fmt: skip
STEPS, SEED, TAKES = 16, 3, 12
SHARES, GAMMAS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0), (0.05, 0.1, 0.2, 0.5)


def made(recipe: Recipe) -> dict[str, list[Recipe]]:
    """Relatives of a take, by how they are made."""
    by_turn = {f"turn {share:g}": [turned(recipe, i, share) for i in range(1, 5)] for share in SHARES}
    return by_turn | {
        f"gamma {gamma:g}": relatives(recipe, 4, first=1, steps=STEPS, gamma=gamma, turn=None) for gamma in GAMMAS
    }


def likenesses(model: SoundCTM) -> dict[str, tuple[list[float], list[float]]]:
    """To the first take and to each other, by how relatives were made."""
    embed = Likeness()
    found: dict[str, tuple[list[float], list[float]]] = {}
    for caption in CAPTIONS:
        (first,) = model.generate(caption, steps=STEPS, seed=SEED)
        own = unit(embed(first))
        for name, recipes in made(model.recipe_of(first)).items():
            vectors = [unit(embed(clip)) for clip in model.replay(recipes)]
            to_first, to_others = found.setdefault(name, ([], []))
            to_first += [likeness(own, vector) for vector in vectors]
            to_others += [likeness(one, other) for one, other in combinations(vectors, 2)]
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
    with (folder / distance / "report.csv").open(encoding="utf-8-sig", newline="") as report:
        return list(csv.DictReader(report))


def not_whole(found: list[dict[str, str]]) -> str:
    """The sets that are not whole, and how many takes they have."""
    counts = {row["prompt"]: 0 for row in found}
    for row in found:
        counts[row["prompt"]] += row["verdict"] == "kept"
    return ", ".join(f"{prompt} {count}" for prompt, count in counts.items() if count < TAKES) or "none"


def main() -> None:
    """Measure and print."""
    model = SoundCTM.from_pretrained("mini")
    print(f"model {model.model_hash}")
    for name, both in likenesses(model).items():
        told = [f"{low:.3f} to {high:.3f}" for low, high in (np.percentile(values, (25, 75)) for values in both)]
        print(f"{name}: to the first {told[0]}, to each other {told[1]}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for distance in get_args(Distance):
            found = sets(distance, Path(folder))
            kept = sum(row["verdict"] == "kept" for row in found)
            tries = sum(int(row["tries"]) for row in found)
            whole = f"not whole: {not_whole(found)}"
            print(f"{distance}: {kept} of {len(found)} takes, from {tries} candidates; {whole}", flush=True)


if __name__ == "__main__":
    main()
