"""SoundCTM: recipes are pure, content is kept, folders round-trip. The laws hold for any weights."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundctm import Clip, Recipe, SoundCTM, UserError
from soundctm.takes import take_seed

SEEDS = st.integers(0, 2**63 - 1)
TAKES = st.integers(0, 999)


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


def recipe(seed: int = 0, take: int = 0) -> Recipe:
    return Recipe(
        prompt="rain", seed=seed, take=take, steps=1, seconds=1.0, omega=3.0, nu=1.0, gamma=0.0, model="tiny",
        model_hash="0", sample_rate=8000, version="0",
    )  # fmt: skip


@pytest.mark.parametrize(("nu", "gamma"), [(1.0, 0.0), (1.5, 0.0), (1.0, 0.7)])
def test_a_take_does_not_depend_on_its_neighbours(model: SoundCTM, nu: float, gamma: float) -> None:
    together = model.generate("three slow knocks", takes=3, steps=2, seed=5, nu=nu, gamma=gamma)
    assert together[2].recipe is not None
    (alone,) = model.replay([together[2].recipe])
    assert np.array_equal(together[2].samples, alone.samples)
    assert not np.array_equal(together[0].samples, together[1].samples)


def test_a_recipe_says_everything(model: SoundCTM, tiny_folder: Path) -> None:
    clip = model.generate("heavy rain", seconds=0.7, steps=3, nu=1.2, gamma=0.3, omega=2.0)[0]
    assert clip.recipe is not None
    torch.manual_seed(123)  # the global generator plays no part
    text = clip.recipe.model_dump_json()
    (again,) = SoundCTM.from_pretrained(clip.recipe.model).replay([Recipe.model_validate_json(text)])
    assert np.array_equal(again.samples, clip.samples)
    assert Path(clip.recipe.model) == tiny_folder.resolve()


@pytest.mark.parametrize(
    "change",
    [{"prompt": "a bell"}, {"seed": 6}, {"take": 1}, {"steps": 3}, {"omega": 1.0}, {"nu": 2.0}, {"gamma": 0.5}],
)
def test_every_field_of_a_recipe_is_heard(model: SoundCTM, change: dict[str, object]) -> None:
    clip = model.generate("rain", steps=2, seed=5)[0]
    assert clip.recipe is not None
    (other,) = model.replay([clip.recipe.model_copy(update=change)])
    assert not np.array_equal(clip.samples, other.samples)


@given(SEEDS, TAKES, SEEDS, TAKES)
def test_distinct_pairs_of_seed_and_take_have_distinct_noise(s: int, i: int, r: int, j: int) -> None:
    assert (take_seed(recipe(s, i)) == take_seed(recipe(r, j))) == ((s, i) == (r, j))


def test_long_seeds_do_not_run_into_the_take() -> None:
    assert take_seed(recipe(seed=5, take=1)) != take_seed(recipe(seed=2**32 + 5, take=0))


def test_noise_is_white_and_shared_by_all_step_counts(model: SoundCTM) -> None:
    r = recipe(seed=1).model_copy(update={"seconds": 3.0, "gamma": 0.5, "steps": 4})
    noises = model.engine.noise(r)
    assert len(noises) == 4
    assert torch.equal(noises[0], model.engine.noise(r.model_copy(update={"steps": 1, "gamma": 0.0}))[0])
    values = torch.stack(noises).flatten()
    assert abs(float(values.mean())) < 4 / len(values) ** 0.5 and abs(float(values.std()) - 1) < 4 / len(values) ** 0.5


@pytest.mark.parametrize("seconds", [0.1, 1.0, 2.3456, 3.0])
def test_length_is_exact(model: SoundCTM, seconds: float) -> None:
    clip = model.generate("rain", seconds=seconds, seed=1)[0]
    assert clip.samples.shape == (1, round(seconds * 8000)) and clip.samples.dtype == np.float32
    assert np.isfinite(clip.samples).all() and np.abs(clip.samples).max() <= 1.0


def test_defaults_come_from_the_model_and_seeds_are_drawn(model: SoundCTM) -> None:
    first, second = (model.recipes("rain")[0] for _ in range(2))
    assert (first.seconds, first.omega, first.model_hash) == (1.0, 3.0, model.model_hash)
    assert first.seed != second.seed


def test_refine_needs_nothing_but_the_file(model: SoundCTM, tmp_path: Path) -> None:
    first = model.generate("three slow knocks", seed=3, gamma=0.5, steps=2)[0]
    again = model.refine(Clip.load(first.save(tmp_path / "a.wav")), steps=4)
    direct = model.generate("three slow knocks", seed=3, steps=4)[0]
    assert again.recipe == direct.recipe
    assert np.array_equal(again.samples, direct.samples)


def test_refine_refuses_recordings_and_other_models(model: SoundCTM) -> None:
    clip = model.generate("rain", seed=1)[0]
    assert clip.recipe is not None
    with pytest.raises(UserError, match="no recipe"):
        model.refine(Clip(clip.samples, clip.sample_rate))
    foreign = Clip(clip.samples, clip.sample_rate, clip.recipe.model_copy(update={"model_hash": "f" * 16}))
    with pytest.raises(UserError, match="load that model"):
        model.refine(foreign)


def test_progress_counts_every_step_and_can_stop(model: SoundCTM) -> None:
    seen: list[tuple[int, int]] = []
    model.generate("rain", takes=2, steps=3, callback=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 6) for i in range(1, 7)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.generate("rain", callback=stop)


def test_a_saved_model_sounds_the_same(model: SoundCTM, tmp_path: Path) -> None:
    again = SoundCTM.from_pretrained(model.save_pretrained(tmp_path / "copy"))
    ours, theirs = (m.generate("a bell", seed=2)[0].samples for m in (model, again))
    assert np.array_equal(ours, theirs)
    assert again.teacher is not None and again.model_hash == model.model_hash
    with pytest.raises(UserError, match="exists already"):
        model.save_pretrained(tmp_path / "copy")
