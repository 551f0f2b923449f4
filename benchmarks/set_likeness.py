"""How alike relatives of a take are, which the distances of sets are held against: `python set_likeness.py`, in this
folder. Quartiles of the likeness to the first take, of two relatives at each gamma, and of a take of new noise."""

import numpy as np

from soundctm import SoundCTM
from soundctm.batch.ear import likeness
from soundctm.metrics.likeness import Likeness
from soundctm.training.data.recordings import ESC10_CLASSES

CAPTIONS = (
    *(captions[0] for _, captions in ESC10_CLASSES.values()),
    "three knocks", "footsteps", "a bell", "thunder", "a laser", "wind",
)  # fmt: skip
STEPS, SEED, GAMMAS = 16, 3, (0.2, 0.5)


def main() -> None:
    """Measure and print."""
    model, embed = SoundCTM.from_pretrained("mini"), Likeness()
    found: dict[str, list[float]] = {**{f"gamma {gamma:g}": [] for gamma in GAMMAS}, "new noise": []}
    for caption in CAPTIONS:
        first, other = model.generate(caption, takes=2, steps=STEPS, seed=SEED)
        relatives = {f"gamma {gamma:g}": model.vary(first, gamma=gamma, takes=2, steps=STEPS) for gamma in GAMMAS}
        for name, clips in (relatives | {"new noise": [other]}).items():
            found[name] += [likeness(*(unit(embed(clip)) for clip in (first, clip))) for clip in clips]
    print(f"model {model.model_hash}")
    for name, values in found.items():
        low, middle, high = np.percentile(values, (25, 50, 75))
        print(f"{name}: {low:.2f} to {high:.2f}, median {middle:.2f}, of {len(values)}")


def unit(embedding: np.ndarray | None) -> np.ndarray:
    """Of length one; a take that is silent has none."""
    if embedding is None:
        raise SystemExit("a take is silent and cannot be compared")
    return embedding / np.linalg.norm(embedding)


if __name__ == "__main__":
    main()
