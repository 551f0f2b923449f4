"""The procedural sounds obey their words: measured on the signal, class by class."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from soundctm.metrics.signal import level_db, onset_times, spectral_centroid
from soundctm.training.data.procedural import REGISTRY, Attributes, caption, make, render
from soundctm.training.data.procedural.compose import sequence

RATE = 44100
LENGTH = 3 * RATE
UNSEEN = Path(__file__).parent.parent.parent / "benchmarks" / "unseen_prompts.txt"


def draw(name: str, seed: int, **attributes: object) -> np.ndarray:
    return render(np.random.default_rng(seed), name, Attributes(**attributes), LENGTH)  # type: ignore[arg-type]


def test_there_are_enough_classes() -> None:
    assert len(REGISTRY) >= 24


@pytest.mark.parametrize("name", list(REGISTRY))
def test_every_class_sounds_and_repeats(name: str) -> None:
    x = draw(name, 1)
    assert x.shape == (LENGTH,) and x.dtype == np.float32
    assert np.isfinite(x).all() and 0.003 < np.abs(x).max() <= 1.0
    assert np.array_equal(x, draw(name, 1))
    assert not np.array_equal(x, draw(name, 2))


def agreement(
    name: str, more: dict[str, object], less: dict[str, object], measure: Callable[[np.ndarray], float]
) -> float:
    return float(np.mean([measure(draw(name, s, **more)) > measure(draw(name, s, **less)) for s in range(5)]))


@pytest.mark.parametrize("name", [n for n, c in REGISTRY.items() if "pitch" in c.obeys])
def test_high_is_higher_than_low(name: str) -> None:
    centroid = lambda x: spectral_centroid(x, RATE)
    assert agreement(name, {"pitch": "high"}, {"pitch": "low"}, centroid) >= 0.8


def test_loud_is_louder_and_far_is_duller() -> None:
    centroid = lambda x: spectral_centroid(x, RATE)
    for name in ("dog", "rain", "beep", "engine"):
        assert agreement(name, {"loudness": "loud"}, {"loudness": "quiet"}, level_db) == 1.0
        assert agreement(name, {"distance": "near"}, {"distance": "far"}, level_db) == 1.0
    assert agreement("rain", {"distance": "near"}, {"distance": "far"}, centroid) == 1.0


@pytest.mark.parametrize("name", ["knock", "beep", "click", "gunshot", "drum"])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_counts_are_exact(name: str, count: int) -> None:
    hits = [
        len(onset_times(render(np.random.default_rng(s), name, Attributes(count=count), 5 * RATE), RATE))
        for s in range(4)
    ]
    assert hits.count(count) >= 3, hits


def test_a_sequence_keeps_its_order() -> None:
    sample = sequence(np.random.default_rng(3), 5 * RATE)
    assert sample.kind == "sequence" and len(sample.audio) == 5 * RATE and len(set(sample.classes)) == 2
    half = len(sample.audio) // 2
    assert min(np.abs(sample.audio[:half]).max(), np.abs(sample.audio[half:]).max()) > 0.003


def test_captions_say_what_was_asked() -> None:
    rng = np.random.default_rng(0)
    said = {caption(rng, REGISTRY["knock"], Attributes(count=3, speed="slow")) for _ in range(20)}
    assert all(text.startswith("three") and "knocks" in text for text in said)
    assert any("slow" in text for text in said)


def test_no_caption_holds_an_unseen_word() -> None:
    unseen = {line.split("\t")[0] for line in UNSEEN.read_text().splitlines()}
    assert len(unseen) == 30
    rng = np.random.default_rng(0)
    words: set[str] = set()
    for cls in REGISTRY.values():
        words |= {word for noun in cls.nouns for word in noun.split()} | set(" ".join(cls.events or ()).split())
    words |= {word for _ in range(30) for word in make(rng, 0.5).caption.split()}
    assert not words & unseen


def test_mixed_kinds_are_made() -> None:
    kinds = {make(np.random.default_rng(s), 1.0).kind for s in range(40)}
    assert kinds == {"single", "sequence", "mixture", "counted"}
