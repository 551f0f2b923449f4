"""Prompts are encoded once, and what remembers them goes with its model."""

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from soundctm import Recipe, SoundCTM
from soundctm.performance import Performance
from soundctm.prompts import REMEMBERED
from tests.oracles.edits import RISE


def perform(model: SoundCTM, recipe: Recipe) -> None:
    """A take in this thread."""
    Performance(model.engine, recipe, {}, lambda: None).clip()


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Nothing goes that something still points to, be it in a circle."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    "use",
    [
        lambda model: model.encode("rain"),
        lambda model: model.optimize("eager").encode("rain"),
        lambda model: model.generate("rain", takes=3, steps=2),
        lambda model: perform(model, model.recipes("rain", steps=2)[0]),
        lambda model: perform(model, model.recipes("rain", steps=2, loop=True)[0]),
        lambda model: perform(model, model.recipes("rain", steps=2, targets=[RISE])[0]),
    ],
)
def test_a_model_goes_when_nobody_holds_it(
    no_collector: None, tiny_folder: Path, use: Callable[[SoundCTM], object]
) -> None:
    """At once: a large one would otherwise lie beside its successor until somebody collects circles."""
    model = SoundCTM.from_pretrained(tiny_folder)
    use(model)
    parts = [weakref.ref(part) for part in (model.student, model.autoencoder, model.text_encoder)]
    del model
    assert [part() for part in parts] == [None, None, None]


def test_the_prompts_met_last_are_remembered(tiny_folder: Path) -> None:
    model = SoundCTM.from_pretrained(tiny_folder)
    first, second = model.encode("rain"), model.encode("bell")
    for i in range(REMEMBERED - 2):
        model.encode(f"thunder {i}")
    assert model.encode("rain") is first
    model.encode("one more")
    assert model.encode("rain") is first
    again = model.encode("bell")
    assert again is not second and torch.equal(again.tokens, second.tokens)
