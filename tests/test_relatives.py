"""Sounds made from others: transformed, between two, and varied."""

import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from soundctm import Clip, Recipe, SoundCTM, UserError, edits
from soundctm.audio.recipe import Steering
from soundctm.diffusion.schedule import sigma_at
from soundctm.performance import Performance
from soundctm.sources import waveform
from soundctm.takes import take_seed
from tests.oracles.edits import RISE, A, B, levels_of, recipe_of


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


# ---- transform


def test_a_transform_of_no_strength_is_the_autoencoders_reconstruction(model: SoundCTM) -> None:
    clip = model.edit(edits.transform(A, 0.0), "a bell", steps=3, seed=5)[0]
    codec = model.engine.codec(recipe_of(clip))
    with torch.no_grad():
        expected = codec.decode(codec.encode(waveform(A, 8000)), 8000)[0].clamp(-1, 1)
    assert np.array_equal(clip.samples, expected.numpy())


def test_a_transform_begins_at_the_level_of_its_strength(model: SoundCTM) -> None:
    begins = []
    for strength in (0.0, 0.01, 0.3, 0.7, 1.0):
        plan = edits.transform(A, strength)
        levels, _ = levels_of(model, partial(model.edit, plan, steps=2, seed=5))
        expected = float(sigma_at(torch.tensor(1 - strength, dtype=torch.float64), 0.002, 80.0, 7.0))
        assert levels == [] if strength == 0 else levels[0] == pytest.approx(expected, rel=1e-4)
        begins.append(levels[0] if levels else 0.0)
    assert begins == sorted(begins) and begins[-1] == pytest.approx(80.0, rel=1e-4)


def test_a_transform_stays_near_where_it_began(model: SoundCTM) -> None:
    """A little strength changes little: a random student too has hardly time to lead astray."""
    still, little = (model.edit(edits.transform(A, s), "a bell", steps=2, seed=5)[0].samples for s in (0.0, 0.02))
    far = model.edit(edits.transform(A, 1.0), "a bell", steps=2, seed=5)[0].samples
    assert np.linalg.norm(little - still) < 0.5 * np.linalg.norm(far - still)


def test_targets_of_a_transform_are_reached_from_where_it_begins(model: SoundCTM) -> None:
    """No jump starts above the level that the recording was noised to, not even to look for a better start."""
    steering = Steering(method="start", iterations=3)
    begin = float(sigma_at(torch.tensor(0.6, dtype=torch.float64), 0.002, 80.0, 7.0))
    levels, _ = levels_of(
        model, lambda: model.edit(edits.transform(A, 0.4), steps=1, seed=5, targets=[RISE], steering=steering)
    )
    assert len(levels) == 3 + 1 + 1 and max(levels) <= begin * 1.001  # looks, the one after the last step, the jump


# ---- morph


def test_a_morph_between_takes_ends_at_the_takes(model: SoundCTM) -> None:
    first, second = (model.generate(p, seed=s, steps=3)[0] for p, s in (("heavy rain", 3), ("a bell", 9)))
    ends = [model.edit(edits.morph(first, second, amount), steps=3)[0] for amount in (0.0, 1.0)]
    assert np.array_equal(ends[0].samples, first.samples)
    assert not np.array_equal(ends[1].samples, second.samples)  # the decoder's texture is the first sound's throughout
    mine = model.engine.codec(recipe_of(first)), model.engine.codec(recipe_of(second))
    assert model.engine.codec(recipe_of(ends[1])).seed == mine[0].seed != mine[1].seed


@pytest.mark.parametrize("auditions", [None, 12])
def test_a_morph_starts_and_speaks_as_its_ends_do(model: SoundCTM, auditions: int | None) -> None:
    """The latents at both ends are those of the takes, whatever texture the decoder lays over them, and whichever noise
    they begin with."""
    heard: dict[str, Tensor] = {}
    decode = model.autoencoder.decode

    def listen(z: Tensor, seed: int = 0) -> Tensor:
        heard["z"] = z.clone()
        return decode(z, seed=seed)  # type: ignore[operator]

    model.autoencoder.decode = listen  # type: ignore[assignment]
    try:
        takes, latents = [], []
        for prompt, seed in (("heavy rain", 3), ("a bell", 8)):
            takes.append(model.generate(prompt, seed=seed, steps=3, steering=Steering(auditions=auditions))[0])
            latents.append(heard["z"])
        assert [bool(recipe_of(clip).audition) for clip in takes] == [auditions is not None] * 2
        for amount, expected in ((0.0, latents[0]), (1.0, latents[1])):
            model.edit(edits.morph(takes[0], takes[1], amount), steps=3)
            assert torch.equal(heard["z"], expected)
        model.edit(edits.morph(takes[0], takes[1], 0.5), steps=3)
        assert not any(torch.allclose(heard["z"], end, atol=1e-2) for end in latents)
    finally:
        model.autoencoder.decode = decode


def test_a_morph_of_a_take_keeps_its_words_and_guidance(model: SoundCTM) -> None:
    guidance: dict[str, Any] = {"omega": 2.0, "nu": 1.5, "negative": "a bell", "seconds": 0.8}
    first = model.generate("heavy rain", seed=3, **guidance)[0]
    second = model.generate("three knocks", seed=9, takes=2, **guidance)[1]
    made = recipe_of(model.edit(edits.morph(first, second, 0.5), steps=2)[0])
    assert (made.prompt, made.seed, made.take, made.omega, made.nu, made.negative, made.seconds) == (
        "heavy rain", 3, 0, 2.0, 1.5, "a bell", 0.8,
    )  # fmt: skip
    assert made.edit is not None and made.edit.model_dump(include={"prompt", "seed", "take"}) == {
        "prompt": "three knocks", "seed": 9, "take": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "given", [{"prompt": "wind"}, {"seed": 1}, {"omega": 3.0}, {"nu": 2.0}, {"nu": 2.0, "negative": "wind"}]
)
def test_a_morph_that_begins_with_a_take_is_given_no_other_words_or_guidance(
    model: SoundCTM, given: dict[str, Any]
) -> None:
    take = model.generate("rain", seed=3)[0]
    for plan in (edits.morph(take, take, 0.5), edits.morph(take, A, 0.5)):
        with pytest.raises(UserError, match="keeps its prompt, seed and guidance; leave them out"):
            model.edit(plan, steps=2, **given)
    made = model.edit(edits.morph(A, take, 0.5), steps=2, **given)[0]
    assert {name: getattr(recipe_of(made), name) for name in given} == given


def test_the_other_recording_of_a_morph_is_inverted_under_its_own_prompt(model: SoundCTM) -> None:
    """Its words are in the recipe, and at both ends they are heard or not."""
    takes = [
        model.edit(edits.morph(A, B, amount, other_prompt=words), "rain", steps=2, seed=5)[0]
        for amount in (0.0, 1.0)
        for words in ("a bell", "three knocks")
    ]
    edit = recipe_of(takes[0]).edit
    assert edit is not None and edit.model_dump()["prompt"] == "a bell"
    assert np.allclose(takes[0].samples, takes[1].samples, atol=1e-4)
    assert not np.allclose(takes[2].samples, takes[3].samples, atol=1e-2)


@pytest.mark.parametrize("change", [{"omega": 1.5}, {"seconds": 0.7}, {"nu": 2.0}, {"nu": 2.0, "negative": "a bell"}])
def test_a_take_of_other_length_or_guidance_goes_into_a_morph_as_a_recording(
    model: SoundCTM, change: dict[str, Any]
) -> None:
    """As the samples that it has: the same as the recording without its recipe."""
    first, second = model.generate("rain", seed=3)[0], model.generate("a bell", seed=9, **change)[0]
    made = model.edit(edits.morph(first, second, 0.5, other_prompt="a bell"), steps=2)[0]
    plain = model.edit(edits.morph(first, Clip(second.samples, 8000), 0.5, other_prompt="a bell"), steps=2)[0]
    assert recipe_of(made).sources and np.array_equal(made.samples, plain.samples)
    (again,) = model.replay([recipe_of(made)], sources={second.digest: second})
    assert np.array_equal(made.samples, again.samples)


@pytest.mark.parametrize("sizes", [("rain", "three slow knocks"), ("heavy rain", "a bell, a bell")])
def test_a_morph_has_no_jump_at_its_ends(
    model: SoundCTM, sizes: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts of different lengths, and amounts next to none: the latents that are decoded hardly move."""
    first, second = (model.generate(prompt, seed=seed, steps=2)[0] for seed, prompt in enumerate(sizes))
    heard: list[Tensor] = []
    finish = Performance._finish

    def listen(self: Performance, z: Tensor) -> Tensor:
        heard.append(z)
        return finish(self, z)

    monkeypatch.setattr(Performance, "_finish", listen)
    for end, beside in ((0.0, 1e-6), (1.0, 1 - 1e-6)):
        for amount in (end, beside):
            model.edit(edits.morph(first, second, amount), steps=2)
        assert float((heard[-1] - heard[-2]).abs().max()) < 1e-3 < float(heard[-1].std())
    assert not torch.allclose(heard[0], heard[-1], atol=0.1)


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_take_of_another_model_is_refused(model: SoundCTM, which: str) -> None:
    mine = model.generate("rain", seed=3)[0]
    foreign = Clip(mine.samples, 8000, recipe_of(mine).model_copy(update={"model_hash": "f" * 16}))
    plan = edits.morph(foreign, mine, 0.5) if which == "first" else edits.morph(mine, foreign, 0.5)
    with pytest.raises(UserError, match="load that model"):
        model.edit(plan, steps=2)


def test_a_morph_from_a_take_that_is_more_than_its_noise_begins_at_its_samples(model: SoundCTM) -> None:
    """A loop or a steered take is not silently another sound."""
    other = model.generate("a bell", seed=9, steps=2)[0]
    steering = Steering(method="start", iterations=2)
    for first in (
        model.generate("rain", seed=3, steps=2, loop=True)[0],
        model.generate("rain", seed=3, steps=2, targets=[RISE])[0],
        model.generate("rain", seed=3, steps=2, targets=[RISE], steering=steering)[0],
    ):
        made, plain = (
            model.edit(edits.morph(clip, other, 0.0), "rain", steps=2, seed=1)[0]
            for clip in (first, Clip(first.samples, 8000))
        )
        assert np.array_equal(made.samples, plain.samples) and recipe_of(made).sources
        assert made.samples.shape == first.samples.shape


# ---- vary


def test_relatives_start_as_the_take_and_go_their_own_ways(model: SoundCTM) -> None:
    take = model.generate("heavy rain", takes=2, seed=3, steps=2)[1]
    relatives = model.vary(take, 0.5, takes=3, steps=3)
    starts = [model.engine.noise(recipe_of(clip)) for clip in (take, *relatives)]
    assert all(torch.equal(noise[0], starts[0][0]) for noise in starts)
    assert len({noise[1].sum().item() for noise in starts[1:]}) == 3
    assert len({clip.digest for clip in relatives}) == 3
    assert [recipe_of(clip).variation for clip in relatives] == [1, 2, 3]
    assert all(
        (recipe_of(clip).take, recipe_of(clip).gamma, recipe_of(clip).steps) == (1, 0.5, 3) for clip in relatives
    )


def test_relatives_come_nearer_as_gamma_falls(model: SoundCTM) -> None:
    take = model.generate("heavy rain", seed=3, steps=3)[0]
    away = [
        float(np.linalg.norm(model.vary(take, gamma, takes=1, steps=3)[0].samples - take.samples))
        for gamma in (1e-6, 0.05, 0.8)
    ]
    assert away == sorted(away) and away[0] < 1e-3 * away[-1]


def test_a_relative_is_replayed_from_its_file(model: SoundCTM, tmp_path: Path) -> None:
    take = model.generate("heavy rain", seed=3)[0]
    relative = model.vary(take, 0.5, takes=2, steps=3)[1]
    (again,) = model.replay([recipe_of(Clip.load(relative.save(tmp_path / "a.wav")))])
    assert np.array_equal(again.samples, relative.samples)
    assert np.array_equal(
        model.vary(relative, 0.5, takes=1, steps=3)[0].samples, model.vary(take, 0.5, takes=1, steps=3)[0].samples
    )


@pytest.mark.parametrize("bad", [{"gamma": 0.0}, {"gamma": 1.1}, {"gamma": math.nan}, {"steps": 1}, {"takes": 0}])
def test_varying_by_nothing_is_refused(model: SoundCTM, bad: dict[str, Any]) -> None:
    take = model.generate("rain", seed=3)[0]
    with pytest.raises(UserError, match=rf"{next(iter(bad))} (is|-?\d)|steps 1"):
        model.vary(take, **bad)


def test_recordings_and_takes_of_other_models_are_not_varied(model: SoundCTM) -> None:
    take = model.generate("rain", seed=3)[0]
    with pytest.raises(UserError, match="carries no recipe"):
        model.vary(A)
    with pytest.raises(UserError, match="load that model"):
        model.vary(Clip(take.samples, 8000, recipe_of(take).model_copy(update={"model_hash": "f" * 16})))


def test_relatives_are_not_refined(model: SoundCTM) -> None:
    relative = model.vary(model.generate("rain", seed=3, steps=2)[0], 0.5, takes=1, steps=2)[0]
    with pytest.raises(UserError, match=r"a relative made with gamma.* cannot be refined"):
        model.refine(relative, steps=4)
    stochastic = model.generate("rain", seed=3, steps=2, gamma=0.5)[0]  # no relative: its course is its own
    assert recipe_of(model.refine(stochastic, steps=4)).gamma == 0.0


def test_different_variations_have_different_seeds() -> None:
    base = Recipe(
        prompt="rain", seed=3, take=1, steps=2, seconds=1.0, omega=3.0, nu=1.0, gamma=0.5, model="tiny",
        model_hash="0", sample_rate=8000, version="0",
    )  # fmt: skip
    seeds = [take_seed(base, i) for i in range(200)]
    assert len(set(seeds)) == 200 and seeds[0] == take_seed(base)
