"""Recipes made into sound: every edit replays, keeps what it promises to keep, and tells what it needs."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundctm import Clip, Recipe, SoundCTM, UserError, edits
from soundctm.audio.recipe import Steering
from soundctm.audio.target import Target
from soundctm.control.limiter import turned_down
from soundctm.performance import work
from soundctm.trajectory import sample
from tests.oracles.edits import PLANS, RISE, STEREO, A, B, recipe_of
from tests.oracles.recordings import recording


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.fixture(scope="module")
def results(model: SoundCTM) -> dict[str, Clip]:
    """Every plan carried out once, in two steps."""
    return {kind: model.edit(make(), "a bell", steps=2, seed=5)[0] for kind, make in PLANS.items()}


# ---- plain takes


@pytest.mark.parametrize(("take", "steps", "omega", "seconds"), [(0, 1, 3.0, 1.0), (2, 4, 1.5, 0.73)])
def test_a_plain_take_is_what_it_was_before_there_were_controls(
    model: SoundCTM, take: int, steps: int, omega: float, seconds: float
) -> None:
    """The formula of version 0.1 by hand: noise of seed and take, the sampler, the decoder, the cut."""
    clip = model.generate("heavy rain", takes=take + 1, steps=steps, omega=omega, seconds=seconds, seed=2**40 + 7)[take]
    words = ((2**40 + 7) & 0xFFFFFFFF, (2**40 + 7) >> 32, take)
    seed = int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0] >> 1)
    frames = math.ceil(seconds * 8000 / 128)
    eps = torch.randn((8, frames), generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        text = model.text_encoder.encode(["heavy rain"])  # type: ignore[operator]
        z = sample(model.student, 80.0 * eps[None], text, text, steps=steps, omega=omega)
        x = model.autoencoder.decode(model.normalizer.denormalize(z), seed=seed)  # type: ignore[operator]
    assert np.array_equal(clip.samples, turned_down(x[0, :, : round(seconds * 8000)]).numpy())


NEW = {
    "negative", "variation", "loop", "targets", "steering", "edit", "precision", "sigma_first", "audition", "turns",
}  # fmt: skip


def test_a_recipe_without_the_new_fields_makes_the_same_take(model: SoundCTM) -> None:
    clip = model.generate("heavy rain", steps=2, seed=3, gamma=0.4, nu=1.5)[0]
    old = recipe_of(clip).model_dump(
        mode="json",
        exclude=NEW,
    )
    (again,) = model.replay([Recipe.model_validate(old)])
    assert len(old) == 12 and np.array_equal(again.samples, clip.samples)


@pytest.mark.parametrize(
    "change",
    [{"negative": "a bell"}, {"variation": 1}, {"loop": True, "seconds": 1.008}, {"targets": (RISE,)}],
)
def test_every_new_field_is_heard(model: SoundCTM, change: dict[str, Any]) -> None:
    clip = model.generate("rain", steps=3, seed=5, nu=2.0, gamma=0.4)[0]
    (other,) = model.replay([recipe_of(clip).model_copy(update=change)])
    assert not np.array_equal(clip.samples[:, :8000], other.samples[:, :8000])


def test_a_negative_prompt_is_the_second_branch(model: SoundCTM) -> None:
    """At nu = 0, which old recipes may have, only that branch is left: the prompt of a take with the other text."""
    plain = model.generate("a bell", seed=5, steps=2)[0]
    old = recipe_of(plain).model_copy(update={"prompt": "rain", "nu": 0.0, "negative": "a bell"})
    (away,) = model.replay([Recipe.from_json(old.model_dump_json(), "an old file")])
    assert np.allclose(away.samples, plain.samples, atol=1e-3)
    assert recipe_of(model.refine(away, steps=3)).nu == 0.0


@pytest.mark.parametrize(("nu", "said"), [(1.0, "no effect at nu = 1"), (0.0, "what is made"), (-3.0, "what is made")])
def test_new_takes_are_moved_away_from_a_negative_prompt(model: SoundCTM, nu: float, said: str) -> None:
    with pytest.raises(UserError, match=rf"a negative prompt .*{said}.*; give nu above 1"):
        model.generate("rain", nu=nu, negative="a bell")
    with pytest.raises(UserError, match=rf"a negative prompt .*{said}.*; give nu above 1"):
        model.edit(PLANS["fill"](), nu=nu, negative="a bell")
    assert recipe_of(model.generate("rain", nu=nu)[0]).nu == nu  # against the model's own branch


# ---- every edit


@pytest.mark.parametrize("kind", list(PLANS))
def test_an_edit_is_replayed_from_its_recipe_and_files(
    model: SoundCTM, results: dict[str, Clip], kind: str, tmp_path: Path
) -> None:
    """To the last bit, in another model object, from recordings that were saved and found among others."""
    saved = results[kind].save(tmp_path / "result.wav")
    files = [clip.save(tmp_path / f"{i}.wav") for i, clip in enumerate((B, STEREO, recording(9), A))]
    sources = {clip.digest: clip for clip in map(Clip.load, files)}
    recipe = recipe_of(Clip.load(saved))
    torch.manual_seed(99)  # the global generator plays no part
    (again,) = SoundCTM.from_pretrained(recipe.model).replay([recipe], sources=sources)
    assert np.array_equal(again.samples, results[kind].samples) and again.recipe == results[kind].recipe


@pytest.mark.parametrize("kind", list(PLANS))
def test_a_missing_recording_is_named(model: SoundCTM, results: dict[str, Clip], kind: str) -> None:
    recipe = recipe_of(results[kind])
    for missing in recipe.sources:
        others = {clip.digest: clip for clip in (A, B, STEREO) if clip.digest != missing.digest}
        with pytest.raises(UserError, match=rf"recording (recording|other) \(digest {missing.digest}\)"):
            list(model.replay([recipe], sources=others))


@pytest.mark.parametrize("kind", list(PLANS))
def test_results_are_as_long_as_planned_and_fit_a_file(model: SoundCTM, results: dict[str, Clip], kind: str) -> None:
    clip, plan = results[kind], PLANS[kind]()
    assert clip.samples.shape == (1, round(plan.seconds(8000) * 8000)) and clip.sample_rate == 8000
    assert clip.samples.dtype == np.float32 and np.abs(clip.samples).max() <= 1


@pytest.mark.parametrize("kind", sorted(PLANS.keys() - {"morph"}))
def test_takes_of_an_edit_differ_and_stand_alone(model: SoundCTM, results: dict[str, Clip], kind: str) -> None:
    takes = model.edit(PLANS[kind](), "a bell", takes=2, steps=2, seed=5)
    assert np.array_equal(takes[0].samples, results[kind].samples)
    assert not np.array_equal(takes[1].samples, takes[0].samples)
    (alone,) = model.replay([recipe_of(takes[1])], sources=PLANS[kind]().sources)
    assert np.array_equal(alone.samples, takes[1].samples)


def test_a_morph_is_one_take(model: SoundCTM) -> None:
    take = model.generate("rain", seed=3)[0]
    for plan in (PLANS["morph"](), edits.morph(take, take, 0.5), edits.morph(take, A, 0.5), edits.morph(A, take, 0.5)):
        with pytest.raises(UserError, match="takes is 2; a morph has one sound for each amount"):
            model.edit(plan, takes=2, steps=2)


@pytest.mark.parametrize("kind", list(PLANS))
def test_progress_counts_to_its_end(model: SoundCTM, kind: str) -> None:
    seen: list[tuple[int, int]] = []
    takes = 1 if kind == "morph" else 2
    clips = model.edit(PLANS[kind](), takes=takes, steps=2, seed=5, callback=lambda *each: seen.append(each))
    total = takes * (2 + 40 * (2 if kind == "morph" else 0))
    assert seen == [(i, total) for i in range(1, total + 1)] and total == sum(work(recipe_of(clip)) for clip in clips)


AT_THE_EDGE: dict[str, tuple[Callable[[], edits.Plan], int]] = {
    "kept": (lambda: edits.transform(A, 0.0), 0),
    "hardly touched": (lambda: edits.transform(A, 0.001), 3),
    "forgotten": (lambda: edits.transform(A, 1.0), 3),
    "first": (lambda: edits.morph(A, B, 0.0), 83),
    "second": (lambda: edits.morph(A, B, 1.0), 83),
    "with itself": (lambda: edits.morph(A, A, 0.5), 83),
}


@pytest.mark.parametrize("kind", list(AT_THE_EDGE))
def test_progress_counts_to_its_end_at_the_edge_of_a_range(model: SoundCTM, kind: str) -> None:
    make, total = AT_THE_EDGE[kind]
    seen: list[tuple[int, int]] = []
    clip = model.edit(make(), "a bell", steps=3, seed=5, callback=lambda *each: seen.append(each))[0]
    assert seen == [(i, total) for i in range(1, total + 1)] and work(recipe_of(clip)) == total
    assert np.isfinite(clip.samples).all() and np.abs(clip.samples).max() > 0.01


@pytest.mark.parametrize("kind", ["fill", "transform", "morph", "loop"])
def test_progress_counts_the_choice_of_a_start(model: SoundCTM, kind: str) -> None:
    """Targets within the shortest of the results, sought before the steps or during them."""
    near = Target(feature="intensity", points=((0.0, -40.0), (0.5, -12.0)))
    for method, more in (("start", 3), ("guidance", 0)):
        seen: list[tuple[int, int]] = []
        steering = Steering(method=method, iterations=3)  # type: ignore[arg-type]
        clip = model.edit(
            PLANS[kind](), steps=2, seed=5, targets=[near], steering=steering,
            callback=lambda *each, seen=seen: seen.append(each),
        )[0]  # fmt: skip
        total = 2 + more + (80 if kind == "morph" else 0)
        assert seen == [(i, total) for i in range(1, total + 1)] and work(recipe_of(clip)) == total


def test_nothing_steers_or_varies_what_is_kept(model: SoundCTM) -> None:
    with pytest.raises(UserError, match="transform of strength 0 returns its recording"):
        model.edit(edits.transform(A, 0.0), steps=2, targets=[RISE])
    kept = model.edit(edits.transform(A, 0.0), steps=2)[0]
    with pytest.raises(UserError, match="transform of strength 0 returns its recording"):
        model.vary(kept, 0.5, sources={A.digest: A})


@pytest.mark.parametrize("change", [{"steps": 0}, {"seconds": 1e9}, {"gamma": 2.0}, {"negative": "\n", "nu": 2.0}])
def test_every_recipe_is_checked_before_the_first_is_made(model: SoundCTM, change: dict[str, Any]) -> None:
    """As a file may hold anything."""
    good = recipe_of(model.generate("rain", seed=3)[0])
    ticks: list[int] = []
    with pytest.raises(UserError):
        list(model.replay([good, good.model_copy(update=change)], lambda done, _: ticks.append(done)))
    assert not ticks


def test_an_edit_needs_no_words_but_hears_them(model: SoundCTM, results: dict[str, Clip]) -> None:
    silent = model.edit(PLANS["fill"](), steps=2, seed=5)[0]
    assert recipe_of(silent).prompt == "" and not np.array_equal(silent.samples, results["fill"].samples)
    with pytest.raises(UserError, match="prompt is empty"):
        model.edit(PLANS["fill"](), "  ")
    with pytest.raises(UserError, match="prompt is empty"):
        model.generate("")


def test_what_is_out_of_range_is_refused(model: SoundCTM) -> None:
    for bad, said in (({"steps": 0}, "steps is 0"), ({"takes": 0}, "takes is 0"), ({"seed": -1}, "seed is -1")):
        with pytest.raises(UserError, match=said):
            model.edit(PLANS["fill"](), **bad)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"lasts 0\.05 s; give a recording of 0\.1 s or more"):
        model.edit(edits.extend_bandwidth(recording(seconds=0.05), 1000.0))
    with pytest.raises(UserError, match=r"cutoff is 6000 Hz; for a sound at 8000 Hz"):
        model.edit(edits.extend_bandwidth(STEREO, 6000.0))


@pytest.mark.parametrize("kind", ["fill", "extend", "join", "loop", "declip", "extend-bandwidth"])
def test_a_recipe_of_another_length_than_its_recordings_is_refused(
    model: SoundCTM, results: dict[str, Clip], kind: str
) -> None:
    """As a file may hold anything: one line, not the inside of an error."""
    recipe = recipe_of(results[kind]).model_copy(update={"seconds": 0.5})
    with pytest.raises(UserError):
        list(model.replay([recipe], sources=PLANS[kind]().sources))


# ---- refining what was made of recordings


def test_an_edit_is_refined_with_its_recordings(model: SoundCTM, results: dict[str, Clip]) -> None:
    with pytest.raises(UserError, match=rf"digest {A.digest}"):
        model.refine(results["fill"], steps=4)
    refined = model.refine(results["fill"], steps=4, sources={A.digest: A})
    direct = model.edit(PLANS["fill"](), "a bell", steps=4, seed=5)[0]
    assert np.array_equal(refined.samples, direct.samples) and refined.recipe == direct.recipe
