"""Takes that follow targets."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundctm import Recipe, SoundCTM, UserError
from soundctm.audio.recipe import LIGHT, Steering
from soundctm.audio.target import Target
from soundctm.computation import Computation
from soundctm.control.curves import CURVES
from soundctm.control.target_loss import deviations
from soundctm.engines import EngineOptions
from soundctm.engines.eager import factors
from soundctm.performance import Performance
from soundctm.revisions import refined
from soundctm.trajectory import Landing, jump
from tests.oracles.edits import PLANS, RISE, A, recipe_of
from tests.oracles.engines import fp32_settings


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


def test_a_chosen_start_is_never_farther_from_its_target(model: SoundCTM) -> None:
    """In one step the sound is the one that the choice was made by."""
    for seed in (1, 2, 3):
        free = model.generate("rain", seed=seed)[0]
        made = model.generate("rain", seed=seed, targets=[RISE], steering=Steering(method="start", iterations=8))[0]
        before, after = (deviations(clip.samples, 8000, [RISE])[0] for clip in (free, made))
        assert after <= before * (1 + 1e-4)


def test_guidance_brings_a_sound_nearer_to_its_target(model: SoundCTM) -> None:
    """Eight dB quieter than the sound itself."""
    away = []
    for seed in (1, 2, 3):
        free = model.generate("rain", seed=seed, steps=8, targets=[RISE], steering=Steering(strength=0.0, fader=0.0))[0]
        level = 20 * math.log10(float(np.sqrt(np.square(free.samples).mean())))
        target = Target(feature="intensity", points=((0.0, level - 8), (1.0, level - 8)))
        guided = model.generate(
            "rain", seed=seed, steps=8, targets=[target], steering=Steering(strength=0.1, fader=0.0)
        )[0]
        away.append([deviations(clip.samples, 8000, [target])[0] for clip in (free, guided)])
    assert sum(after for _, after in away) < 0.9 * sum(before for before, _ in away)


@pytest.mark.parametrize("method", ["guidance", "start"])
def test_steered_takes_are_replayed_and_counted(model: SoundCTM, method: Any) -> None:
    seen: list[tuple[int, int]] = []
    steering = Steering(method=method, iterations=4, auditions=3)
    clip = model.generate(
        "rain", seed=3, steps=2, targets=[RISE], steering=steering, callback=lambda *each: seen.append(each)
    )[0]
    total = 2 + (4 if method == "start" else 3)
    assert seen == [(i, total) for i in range(1, total + 1)]
    (again,) = model.replay([Recipe.from_json(recipe_of(clip).model_dump_json(), "here")])
    assert np.array_equal(again.samples, clip.samples)


@pytest.mark.parametrize("sigma_first", [None, 1.0])
def test_the_only_jump_is_left_alone(model: SoundCTM, sigma_first: float | None) -> None:
    """A share of a jump from the highest noise is far more than the sound itself."""
    (recipe,) = model.recipes("rain", seed=2, targets=[RISE], steering=Steering(auditions=2))
    assert recipe.steps == 1 and recipe.steering.strength
    recipe = recipe.model_copy(update={"sigma_first": sigma_first})
    free = recipe.model_copy(update={"steering": recipe.steering.model_copy(update={"strength": 0.0})})
    guided, unguided = model.replay([recipe, free])
    assert np.array_equal(guided.samples, unguided.samples)


def test_a_take_in_one_step_is_refined_with_a_strength_for_the_papers_grid(model: SoundCTM) -> None:
    """There every jump is corrected, and by a strong correction the sound would be lost."""
    (one,), (many,) = (model.recipes("rain", seed=2, steps=steps, targets=[RISE]) for steps in (1, 8))
    assert one.sigma_first is None and one.steering.strength == many.steering.strength == LIGHT
    assert refined(one, 8).steering.strength == LIGHT


def test_no_strength_is_the_take_itself(model: SoundCTM) -> None:
    target = Target(feature="brightness", points=((0.1, 700.0), (0.8, 1500.0)))
    plain = model.generate("rain", seed=3, steps=3)[0]
    free = model.generate(
        "rain", seed=3, steps=3, targets=[target], steering=Steering(strength=0.0, fader=0.0, auditions=1)
    )[0]
    assert np.array_equal(plain.samples, free.samples)


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize(
    "target",
    [
        Target(feature="intensity", points=((0.0, -40.0), (0.9, -12.0))),
        Target(feature="band", points=((0.0, -40.0), (0.9, -20.0)), low=200.0, high=900.0),
        Target(feature="brightness", points=((0.1, 700.0), (0.8, 1500.0))),
    ],
)
def test_the_loss_is_that_of_the_sound_that_is_returned(model: SoundCTM, target: Target, loop: bool) -> None:
    """Of its last latents, seam and all: the deviation measured on the clip, over the scale of the curve, squared,
    wherever the sound is within full scale."""
    alone = Steering(fader=0.0)
    recipe = recipe_of(model.generate("rain", seed=3, steps=2, targets=[target], steering=alone, loop=loop)[0])
    performance = Performance(model.engine, recipe, {}, lambda: None)
    for level in (0.01, 0.05):
        z = level * model.engine.noise(recipe)[0][None]
        with torch.no_grad():
            told, clip = float(performance._loss()(z)) ** 0.5, performance._finish(z)[0].numpy()
        assert clip.shape == (1, 8064 if loop else 8000) and abs(clip).max() < 1
        away = deviations(clip, 8000, [target])[0] / CURVES[target.feature].scale
        assert told == pytest.approx(away, rel=1e-3) and away > 0.1


def test_a_loop_is_steered_through_its_seam(model: SoundCTM) -> None:
    """The slope of a loop's loss at its first frame comes from its end too, which the seam leads into it."""
    recipe = recipe_of(model.generate("rain", seed=3, loop=True)[0])
    slopes = {}
    for loop in (True, False):
        performance = Performance(
            model.engine, recipe.model_copy(update={"loop": loop}), {}, lambda: None
        )  # fmt: skip
        first = Target(feature="band", points=((0.0, -30.0), (0.02, -30.0)), low=200.0, high=2000.0)
        performance.recipe = performance.recipe.model_copy(update={"targets": (first,)})
        z = model.engine.noise(recipe)[0][None].requires_grad_()
        (slope,) = torch.autograd.grad(performance._loss()(z).sum(), z)
        slopes[loop] = slope[0].abs().amax(0)
    assert slopes[True][-1] > 1e-4 * slopes[True].max() and slopes[False][-1] == 0
    assert not slopes[True][25:40].any()  # what is far from the seam has no part


def test_a_recording_that_loops_is_steered_in_the_time_of_the_result(model: SoundCTM) -> None:
    """Its seam is made in the middle and turned to the ends: the curve that is followed must be turned with it."""
    target = Target(feature="intensity", points=((0.0, -10.0), (0.45, -10.0), (0.46, None), (0.5, -40.0), (1.0, -40.0)))
    recipe = recipe_of(model.edit(PLANS["loop"](), steps=1, seed=5, targets=[target])[0])
    performance = Performance(model.engine, recipe, PLANS["loop"]().sources, lambda: None)
    z = 0.5 * model.engine.noise(recipe)[0][None]
    with torch.no_grad():
        heard = performance._waveform(z)[0].roll(-4000, -1).numpy()  # as generated, at its place in the result
        told = float(performance._loss()(z)) ** 0.5
    assert told == pytest.approx(deviations(heard, 8000, [target])[0] / CURVES["intensity"].scale, rel=1e-3)


def test_an_edit_may_be_steered_and_keeps_what_it_keeps(model: SoundCTM) -> None:
    steered = model.edit(PLANS["fill"](), steps=2, seed=5, targets=[RISE])[0]
    plain = model.edit(PLANS["fill"](), steps=2, seed=5)[0]
    for where in (slice(0, 2400), slice(4800, None)):
        assert np.array_equal(steered.samples[0, where], A.samples[0, where])
    assert not np.array_equal(steered.samples, plain.samples)


@pytest.mark.parametrize("method", ["guidance", "start"])
def test_on_a_gpu_nothing_on_the_way_to_a_target_rounds_to_tf32(model: SoundCTM, method: Any) -> None:
    """Such a take is float32, and so its recipe says: the networks, there and back again. (PyTorch lets convolutions of
    NVIDIA GPUs round, unless told otherwise; what it is told can be seen anywhere.)"""
    gpu = torch.device("cuda")
    recipe = model.recipes("rain", seed=3, steps=2, targets=[RISE], steering=Steering(method=method, iterations=1))[0]
    student, autoencoder = Computation(model._parts, gpu, EngineOptions("eager"), cores=1).networks_for(recipe)
    engine = replace(model.engine, student=student, autoencoder=autoencoder, device=gpu)
    performance, text = Performance(engine, recipe, {}, lambda: None), model.encode("rain")
    seen: list[tuple[str, str]] = []
    look = lambda *_: seen.append(fp32_settings())
    layers = (model.student.preprocess_conv, model.autoencoder.get_submodule("to_correction"))
    handles = [layer.register_forward_hook(look) for layer in layers]
    handles += [layer.register_full_backward_hook(look) for layer in layers]
    z = model.engine.noise(recipe)[0][None]
    try:
        with factors("tf32"), torch.no_grad():
            if method == "start":
                performance._optimised(z, 80.0, text)
            elif (steer := performance._steer()) is not None:
                clean = lambda z: jump(performance.student, z, 1.0, 0.002, 3.0, text)
                steer(Landing(z, 1.0, 0.5 * z, 0.5, 1, 1, clean))
            assert fp32_settings() == ("tf32", "tf32")
    finally:
        for handle in handles:
            handle.remove()
    assert len(seen) >= 4 and set(seen) == {("ieee", "ieee")}


def test_targets_that_do_not_fit_the_sound_are_refused(model: SoundCTM) -> None:
    with pytest.raises(UserError, match=r"point at 1 s; the clip lasts from 0 to 0\.5 s"):
        model.generate("rain", seconds=0.5, targets=[RISE])
    bright = Target(feature="brightness", points=((0.0, 1000.0), (1.0, 5000.0)))
    with pytest.raises(UserError, match="brightness target is 5000 Hz"):
        model.generate("rain", targets=[bright])
    wrong = {
        "strength is -1": Steering(strength=-1.0), "iterations is 0": Steering(iterations=0),
        "auditions is 0": Steering(auditions=0),
        "shortlist is 4": Steering(auditions=3, shortlist=4),
    }  # fmt: skip
    for said, steering in wrong.items():
        with pytest.raises(UserError, match=said):
            model.generate("rain", targets=[RISE], steering=steering)


def test_the_best_of_several_auditions_is_the_start(model: SoundCTM) -> None:
    """In one step, which nothing corrects: the sound nearest to the target, its own noise among them."""
    away = []
    for auditions in (1, 2, 4, 12):
        steering = Steering(strength=0.0, fader=0.0, auditions=auditions, shortlist=1)
        made = model.generate("rain", seed=3, targets=[RISE], steering=steering)[0]
        away.append(deviations(made.samples, 8000, [RISE])[0])
    assert away == sorted(away, reverse=True) and away[-1] < away[0]
    free = model.generate("rain", seed=3)[0]
    assert away[0] == deviations(free.samples, 8000, [RISE])[0]


def test_a_recipe_from_before_there_was_a_fader_sounds_as_it_did(model: SoundCTM) -> None:
    steering = Steering(strength=0.1, auditions=1)
    made = recipe_of(model.generate("rain", seed=3, steps=2, targets=[RISE], steering=steering)[0])
    old, without = (made.model_copy(update={"steering": Steering(strength=0.1, fader=f)}) for f in (None, 0.0))
    samples = [clip.samples for clip in model.replay([made, old, without])]
    assert np.array_equal(samples[1], samples[2]) and not np.array_equal(samples[0], samples[1])
