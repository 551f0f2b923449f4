"""The shipped model: recipes are pure, content is kept, folders round-trip."""

from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import Clip, SoundCTM, UserError
from soundctm.folder import SHIPPED, pack, unpack


@pytest.fixture(scope="module")
def mini() -> SoundCTM:
    return SoundCTM.from_pretrained("mini")


def test_a_take_does_not_depend_on_its_neighbours(mini: SoundCTM) -> None:
    together = mini.generate("a dog barking", takes=3, seed=5, seconds=1.0)
    assert together[2].recipe is not None
    alone = mini.replay([together[2].recipe])[0]
    assert np.array_equal(together[2].samples, alone.samples)
    assert not np.array_equal(together[0].samples, together[1].samples)


@pytest.mark.parametrize("seconds", [0.1, 1.0, 2.345, 7.0])
def test_length_is_exact(mini: SoundCTM, seconds: float) -> None:
    clip = mini.generate("rain", seconds=seconds, seed=1)[0]
    assert clip.samples.shape == (1, round(seconds * 44100))
    assert np.isfinite(clip.samples).all() and np.abs(clip.samples).max() <= 1.0


def test_refine_starts_from_the_file_alone(mini: SoundCTM, tmp_path: Path) -> None:
    first = mini.generate("three slow knocks", seed=3, seconds=1.0)[0]
    again = mini.refine(Clip.load(first.save(tmp_path / "a.wav")), steps=4)
    direct = mini.generate("three slow knocks", seed=3, seconds=1.0, steps=4)[0]
    assert np.array_equal(again.samples, direct.samples)
    assert again.recipe is not None and again.recipe.steps == 4 and again.recipe.gamma == 0.0


def test_noise_is_shared_by_all_step_counts(mini: SoundCTM) -> None:
    recipe = mini.generate("rain", seed=1, seconds=0.5)[0].recipe
    assert recipe is not None
    more = mini.noise(recipe.model_copy(update={"steps": 4, "gamma": 0.5}))
    assert len(more) == 4 and torch.equal(more[0], mini.noise(recipe)[0])


def test_progress_counts_every_step_and_can_stop(mini: SoundCTM) -> None:
    seen: list[tuple[int, int]] = []
    mini.generate(
        "rain", takes=2, steps=3, seed=1, seconds=0.5, callback=lambda done, total: seen.append((done, total))
    )
    assert seen == [(i, 6) for i in range(1, 7)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mini.generate("rain", seed=1, seconds=0.5, callback=stop)


def test_another_models_clip_is_refused(mini: SoundCTM) -> None:
    clip = mini.generate("rain", seed=1, seconds=0.5)[0]
    assert clip.recipe is not None
    foreign = Clip(clip.samples, clip.sample_rate, clip.recipe.model_copy(update={"model_hash": "f" * 16}))
    with pytest.raises(UserError, match="load that model"):
        mini.refine(foreign)


def test_a_saved_model_sounds_the_same(mini: SoundCTM, tmp_path: Path) -> None:
    again = SoundCTM.from_pretrained(mini.save_pretrained(tmp_path / "copy"))
    ours, theirs = (m.generate("a bell", seed=2, seconds=0.5)[0].samples for m in (mini, again))
    assert np.array_equal(ours, theirs)
    with pytest.raises(UserError, match="exists already"):
        mini.save_pretrained(tmp_path / "copy")


def test_packed_rows_err_by_half_a_step_at_most() -> None:
    matrix = torch.randn(64, 100, generator=torch.Generator().manual_seed(0)) * torch.logspace(-3, 3, 64)[:, None]
    small = torch.randn(10)
    again = unpack(pack({"w": matrix, "b": small}))
    assert bool(((again["w"] - matrix).abs() <= matrix.abs().amax(1, keepdim=True) / 254 * 1.001).all())
    assert torch.equal(again["b"], small)


def test_shipped_weights_fit_their_budget() -> None:
    parts = ("autoencoder", "text_encoder", "student")
    assert sum((SHIPPED / "mini" / f"{name}.safetensors").stat().st_size for name in parts) < 20_000_000
