"""How near prompts lie to what the model understands instead: where `soundctm batch` draws the line.

`python batch_understood.py`

The prompts of unseen_prompts.txt mean what they are understood as; words of random letters mean nothing.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from string import ascii_lowercase

import numpy as np

from soundctm import SoundCTM
from soundctm.batch.gates import Gates
from soundctm.batch.grasp import Meaning, grasp

UNSEEN = Path(__file__).parent / "unseen_prompts.txt"
NONSENSE = 300


def nonsense(count: int) -> list[str]:
    """Prompts of one to three words of three to eight random letters."""
    rng = random.Random(0)
    return [
        " ".join("".join(rng.choices(ascii_lowercase, k=rng.randint(3, 8))) for _ in range(rng.randint(1, 3)))
        for _ in range(count)
    ]


def show(name: str, prompts: Sequence[str], meaning: Meaning) -> None:
    """A line on those that are understood as something else."""
    found = [grasp(prompt, meaning) for prompt in prompts]
    heard = [each for each in found if each.nearness is not None]
    refused = sum(bool(Gates().refusal(each)) for each in heard)
    low, middle, high = np.quantile([each.nearness for each in heard], [0, 0.5, 1])
    print(f"{name}: {len(heard)} prompts, cosine {low:.2f} to {high:.2f}, median {middle:.2f}; {refused} refused")


def main() -> None:
    """Print both lines."""
    model = SoundCTM.from_pretrained("mini")
    print(f"model {model.model_hash}, understood = {Gates().understood}")
    meaning = Meaning(model)
    show("unseen words", [line.split("\t")[1] for line in UNSEEN.read_text().splitlines()], meaning)
    show("random letters", nonsense(NONSENSE), meaning)


if __name__ == "__main__":
    main()
