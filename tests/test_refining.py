"""A model whose several steps begin as its one step does."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundctm import SoundCTM, UserError, edits
from soundctm.audio.recipe import Steering
from soundctm.benchmark.naive import NaivePath
from soundctm.diffusion import sigma_grid
from soundctm.performance import Performance
from soundctm.trajectory.course import ON_GRID
from tests.oracles.edits import RISE, A, levels_of, recipe_of

FIRST, STEPS = 0.5, 4


@pytest.fixture(scope="module")
def folder(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("refining") / "tiny"
    shutil.copytree(tiny_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"sigma_first": FIRST}))
    return folder


@pytest.fixture(scope="module")
def refining(folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(folder)


@pytest.mark.parametrize("options", [{}, {"nu": 2.0}, {"loop": True}])
def test_the_first_step_of_several_goes_far_down(refining: SoundCTM, options: dict[str, Any]) -> None:
    levels, _ = levels_of(refining, lambda: refining.generate("rain", steps=STEPS, **options))
    expected = [80.0, *sigma_grid(STEPS - 1, sigma_max=FIRST)[:-1].tolist()]
    assert sorted(set(levels), reverse=True) == pytest.approx(expected, rel=1e-4)


def test_one_step_is_what_it_was(refining: SoundCTM, tiny_folder: Path) -> None:
    plain = SoundCTM.from_pretrained(tiny_folder)
    models = (refining, plain)
    one, many = ([model.generate("rain", steps=n, seed=3)[0].samples for model in models] for n in (1, STEPS))
    assert np.array_equal(*one) and not np.array_equal(*many)


@pytest.mark.parametrize("kind", ["noise on the way", "a recording"])
def test_what_is_to_change_on_the_way_has_steps_at_high_noise(refining: SoundCTM, kind: str, tiny_folder: Path) -> None:
    def made(model: SoundCTM) -> np.ndarray:
        match kind:
            case "noise on the way":
                return model.generate("rain", steps=STEPS, seed=3, gamma=ON_GRID)[0].samples
            case _:
                return model.edit(edits.fill(A, 0.3, 0.6), "rain", steps=STEPS, seed=3)[0].samples

    assert np.array_equal(made(refining), made(SoundCTM.from_pretrained(tiny_folder)))


@pytest.mark.parametrize("late", [True, False])
def test_guidance_spares_the_step_that_decides(refining: SoundCTM, tiny_folder: Path, late: bool) -> None:
    """So that what sounds is the take that was auditioned. On the grid every step is corrected."""
    model = refining if late else SoundCTM.from_pretrained(tiny_folder)
    steering = Steering(strength=1.0, auditions=1)
    landed = []
    for more in ({}, {"targets": [RISE], "steering": steering}):
        (recipe,) = model.recipes("rain", steps=STEPS, seed=3, **more)
        with torch.no_grad():
            trajectory = Performance(model.engine, recipe, {}, lambda: None).begin()
            for _ in range(2):
                assert trajectory.asked is not None
                trajectory.land(trajectory.leap(*trajectory.asked))
                assert trajectory.asked is not None
                landed.append(trajectory.asked[0])
    (plain, after), (steered, corrected) = landed[:2], landed[2:]
    assert torch.equal(plain, steered) is late and not torch.equal(after, corrected)


def test_a_little_noise_changes_a_little(refining: SoundCTM) -> None:
    take = refining.generate("rain", steps=STEPS, seed=3)[0]
    away = [
        float(np.linalg.norm(refining.vary(take, gamma, steps=STEPS)[0].samples - take.samples))
        for gamma in (0.001, 0.02, 0.2)
    ]
    assert away[0] < 0.3 * away[2] and away == sorted(away)


def test_a_morph_between_takes_ends_at_the_takes(refining: SoundCTM) -> None:
    first, second = (refining.generate(p, seed=s, steps=STEPS)[0] for p, s in (("heavy rain", 3), ("a bell", 9)))
    same = refining.edit(edits.morph(first, second, 0.0), steps=STEPS)[0]
    assert np.array_equal(same.samples, first.samples)


def test_a_refined_take_is_that_of_more_steps(refining: SoundCTM) -> None:
    audition = refining.generate("rain", seed=7)[0]
    assert np.array_equal(
        refining.refine(audition, steps=STEPS).samples, refining.generate("rain", seed=7, steps=STEPS)[0].samples
    )


def test_the_naive_path_takes_the_same_steps(refining: SoundCTM) -> None:
    (slow,) = NaivePath(refining).generate("rain", steps=STEPS, seed=3)
    ours = refining.generate("rain", steps=STEPS, seed=3)[0].samples
    assert np.linalg.norm(slow - ours) < 1e-4 * np.linalg.norm(ours)


def test_a_recipe_says_where_its_first_step_lands(refining: SoundCTM, tiny_folder: Path) -> None:
    """Whatever its model does by itself: one without the field lies on the grid, as all did before there was one."""
    made = recipe_of(refining.generate("rain", steps=STEPS, seed=3)[0])
    assert made.sigma_first == FIRST
    (on_grid,) = refining.replay([made.model_copy(update={"sigma_first": None})])
    plain = SoundCTM.from_pretrained(tiny_folder).generate("rain", steps=STEPS, seed=3)[0]
    assert np.array_equal(on_grid.samples, plain.samples)
    with pytest.raises(UserError, match=r"sigma_first is 90; accepted are levels between 0\.002 and 80"):
        list(refining.replay([made.model_copy(update={"sigma_first": 90.0})]))


@pytest.mark.parametrize("level", [0.001, 80.0, -1.0])
def test_a_first_level_outside_the_grid_is_refused(folder: Path, level: float, tmp_path: Path) -> None:
    copied = shutil.copytree(folder, tmp_path / "tiny")
    config = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps(config | {"sigma_first": level}))
    with pytest.raises(UserError, match=f"sigma_first {level} must lie between"):
        SoundCTM.from_pretrained(copied)
