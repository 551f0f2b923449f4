"""How far a sound is from its targets."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from soundctm.audio.target import Feature, Target
from soundctm.control.curves import CURVES, curve_times
from soundctm.control.target_loss import TargetLoss, deviations
from tests.oracles.linear import LinearAutoencoder, plain_codec

RATE, LENGTH = 8000, 12_000
FEATURES: dict[Feature, dict[str, Any]] = {
    "intensity": {},
    "brightness": {},
    "band": {"low": 200.0, "high": 900.0},
    "onsets": {},
    "pitch": {},
}
# A difference in the feature's own unit, and how often it holds the scale of the loss.
STEPS: dict[Feature, tuple[float, float]] = {"intensity": (6.0, 2.0), "band": (3.0, 1.0), "onsets": (0.2, 2.0)}


def sound(seed: int = 0) -> Tensor:
    """A beating tone in noise: every feature has a value that moves."""
    t = torch.arange(LENGTH) / RATE
    noise = torch.randn(LENGTH, generator=torch.Generator().manual_seed(seed))
    return ((0.2 + 0.1 * torch.sin(9 * t)) * torch.sin(2 * torch.pi * 330 * t) + 0.02 * noise)[None, None]


def own(
    feature: Feature, x: Tensor, change: float = 0.0, upto: float = 9.0, factor: float = 1.0, **more: Any
) -> Target:
    """The sound's own curve as a target, changed, and free from ``upto`` seconds on."""
    edges = FEATURES[feature]
    values = CURVES[feature](x, RATE, **edges)[0].double().numpy() * factor + change
    times = curve_times(x.shape[-1], RATE)
    points = tuple((float(t), float(v)) for t, v in zip(times, values, strict=True) if t <= upto)
    return Target(feature=feature, points=points, **edges, **more)


def loss_of(x: Tensor, *targets: Target) -> Tensor:
    codec = plain_codec(LinearAutoencoder())
    z = torch.cat([codec.encode(each[None]) for each in x])
    return TargetLoss(codec.decode, RATE, targets, x.shape[-1])(z)


@pytest.mark.parametrize("feature", list(FEATURES))
def test_a_sound_is_at_no_distance_from_its_own_curve(feature: Feature) -> None:
    x = sound()
    assert float(loss_of(x, own(feature, x))) < 1e-4
    (away,) = deviations(x[0].numpy(), RATE, [own(feature, x)])
    assert away < 1e-4
    assert float(loss_of(sound(1) * 0.3 + 0.05 * torch.sin(torch.arange(LENGTH) * 1.1), own(feature, x))) > 0.01


@pytest.mark.parametrize("feature", list(STEPS))
def test_distances_are_counted_in_the_scale_of_the_feature(feature: Feature) -> None:
    x, (change, scales) = sound(), STEPS[feature]
    target = own(feature, x, change)
    assert float(loss_of(x, target)) == pytest.approx(scales**2, rel=1e-3)
    assert deviations(x[0].numpy(), RATE, [target])[0] == pytest.approx(change, rel=1e-3)


@pytest.mark.parametrize(("feature", "scales"), [("brightness", 3.0), ("pitch", 12.0)])
def test_frequencies_are_compared_in_octaves(feature: Feature, scales: float) -> None:
    x = sound()
    for factor in (0.5, 2.0):
        target = own(feature, x, factor=factor)
        assert float(loss_of(x, target)) == pytest.approx(scales**2, rel=1e-3)
        assert deviations(x[0].numpy(), RATE, [target])[0] == pytest.approx(1.0, rel=1e-3)


def test_distances_are_in_decibels_for_a_sound_that_is_louder() -> None:
    x = sound()
    assert deviations((2 * x)[0].numpy(), RATE, [own("intensity", x)])[0] == pytest.approx(6.02, abs=0.01)


@pytest.mark.parametrize("feature", ["band", "brightness", "onsets", "pitch"])
def test_free_time_has_no_weight(feature: Feature) -> None:
    """What happens well after the last point changes nothing; within it, it does."""
    x, other = sound(), sound()
    other[..., RATE:] = 0.3 * torch.randn(LENGTH - RATE, generator=torch.Generator().manual_seed(5))
    codec, target = plain_codec(LinearAutoencoder()), own(feature, x, upto=0.8, change=0.05)
    z = codec.encode(other).requires_grad_()
    loss = TargetLoss(codec.decode, RATE, [target], LENGTH)(z)
    (slope,) = torch.autograd.grad(loss.sum(), z)
    quiet = slope[..., (RATE + 500) // 16 :].abs().max() / slope.abs().max()
    if feature == "onsets":  # loudness is held against all of the sound
        assert float(quiet) < 0.2
    else:
        assert float(loss.detach()) == pytest.approx(float(loss_of(x, target)), rel=1e-3) and not float(quiet)
    assert float(loss_of(other, own(feature, x, change=0.05))) > 1.5 * float(loss.detach())


def test_a_stretch_between_points_may_be_free() -> None:
    """Of six frames the first two and the last are bound, and the mean is over these three."""
    x = sound()
    level = [float(v) for v in CURVES["intensity"](x, RATE)[0][:6]]
    points = ((0.0, level[0] - 30), (0.01, level[1] - 30), (0.015, None), (0.05, level[5]))
    assert float(loss_of(x, Target(feature="intensity", points=points))) == pytest.approx(200 / 3, rel=1e-3)


def test_targets_add_up_by_their_weights() -> None:
    x = sound()
    level, bright = own("intensity", x, 6.0), own("brightness", x, factor=2.0)
    heavy = bright.model_copy(update={"weight": 2.5})
    assert float(loss_of(x, level, heavy)) == pytest.approx(4.0 + 2.5 * 9.0, rel=1e-3)
    assert deviations(x[0].numpy(), RATE, [level, heavy]) == pytest.approx([6.0, 1.0], rel=1e-3)
    assert deviations(x[0].numpy(), RATE, []) == []


def test_items_have_losses_of_their_own() -> None:
    x = torch.cat([sound(0), 0.5 * sound(1), sound(2)])
    target = own("intensity", x[:1])
    together = loss_of(x, target)
    assert together.shape == (3,)
    assert torch.allclose(together, torch.cat([loss_of(each[None], target) for each in x]), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("feature", list(FEATURES))
@pytest.mark.parametrize("level", [0.0, 1e-6, 0.2, 3.0])
def test_gradients_are_finite_whatever_the_sound(feature: Feature, level: float) -> None:
    codec = plain_codec(LinearAutoencoder())
    z = codec.encode(level * sound() / 0.2).requires_grad_()
    loss = TargetLoss(codec.decode, RATE, [own(feature, sound())], LENGTH)(z)
    (slope,) = torch.autograd.grad(loss.sum(), z)
    assert torch.isfinite(slope).all()
    assert level in (0.0, 1e-6) or slope.abs().max() > 0


def test_going_down_the_gradient_comes_nearer() -> None:
    codec, x = plain_codec(LinearAutoencoder()), sound()
    for feature in FEATURES:
        target = own(feature, 0.5 * x + 0.05 * torch.sin(torch.arange(LENGTH) * 0.9))
        loss = TargetLoss(codec.decode, RATE, [target], LENGTH)
        z = codec.encode(x).requires_grad_()
        (slope,) = torch.autograd.grad(loss(z).sum(), z)
        before, after = (float(loss(z.detach() - step * slope / slope.norm())) for step in (0.0, 1e-3))
        assert after < before, feature


def test_deviations_count_what_is_bound_alone() -> None:
    x = sound()
    samples = x[0].numpy().copy()
    samples[:, 9000:] = 0
    assert deviations(samples, RATE, [own("band", x, upto=1.0)])[0] < 1e-4
    assert deviations(samples, RATE, [own("band", x)])[0] > 5
    assert np.isfinite(deviations(np.zeros((1, LENGTH), np.float32), RATE, [own(f, x) for f in FEATURES])).all()
