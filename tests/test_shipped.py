"""The model inside the package."""

import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from soundctm import SoundCTM
from soundctm.folder import SHIPPED
from soundctm.metrics.evaluator import load_listener
from soundctm.training.data.recordings import ESC10_CLASSES

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from evaluation import obedience, recognition  # noqa: E402
from evaluation.common import Bench  # noqa: E402


class Asked(Bench):
    """Notes the prompts of the questions, and answers with noise."""

    prompts: ClassVar[set[str]] = set()

    def takes_of(
        self, prompt: str, steps: int, count: int | None = None, seed: int = 11, gamma: float = 0.0
    ) -> list[np.ndarray]:
        self.prompts.add(prompt)
        return [np.random.default_rng(0).normal(0, 0.1, 44100).astype(np.float32)]


def test_only_the_prompts_with_unseen_words_are_replaced() -> None:
    """Every other question is put to the model in its own words."""
    model = SoundCTM.from_pretrained("mini")
    assert model.phrasebook is not None
    bench = Asked(model, load_listener(), None, 1)
    recognised, obeyed = (recognition.esc10, recognition.procedural), (obedience.attributes, obedience.counts)
    for question in (*recognised, *obeyed, obedience.order):
        question(bench, 1)
    asked = Asked.prompts | {caption for _, captions in ESC10_CLASSES.values() for caption in captions}
    assert len(asked) > 150 and not [prompt for prompt in asked if model.phrasebook.unknown(prompt)]
    lines = [line.split("\t") for line in recognition.UNSEEN.read_text().splitlines()]
    assert len(lines) == 30 and all(word in model.phrasebook.unknown(prompt) for word, prompt, _ in lines)


def test_the_weights_fit_their_budget() -> None:
    parts = ("autoencoder", "text_encoder", "student")
    assert sum((SHIPPED / "mini" / f"{name}.safetensors").stat().st_size for name in parts) < 20_000_000


def test_it_comes_with_a_model_card() -> None:
    card = (SHIPPED / "mini" / "README.md").read_text().lower()
    assert all(word in card for word in ("licence", "esc", "train", "limits"))


@pytest.mark.slow
def test_it_makes_five_seconds_of_sound() -> None:
    clip = SoundCTM.from_pretrained("mini").generate("heavy rain on a tin roof", seed=7)[0]
    assert clip.samples.shape == (1, 220500) and clip.sample_rate == 44100
    assert np.isfinite(clip.samples).all() and clip.samples.std() > 1e-3
