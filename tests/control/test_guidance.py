"""Loss guidance (Algorithm 3): how far a correction goes, where it points, and that it helps."""

import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from soundctm.control.guidance import LossGuidance
from soundctm.trajectory import Landing, jump, sample
from tests.oracles.gaussian import SPREAD, GaussianStudent, text
from tests.oracles.tiny import MINI, random_latents, random_text, tiny_dit

SIGMA_MAX, SIGMA_MIN = 80.0, 0.002
MEAN = 0.3


def noise(batch: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Items of ever larger deviations, so that a mean over the batch would show."""
    z = torch.randn(batch, 2, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return (z * torch.arange(1, batch + 1)[:, None, None]).to(dtype)


def landing(z: Tensor, t: float = 20.0, s: float = 5.0) -> Landing:
    """A jump of the perfect student, whose clean estimate is ``MEAN + r (z - MEAN)``."""
    prompt = text(MEAN, dtype=z.dtype).expand(len(z))
    student = partial(jump, GaussianStudent(), omega=1.0, conditioning=prompt)
    return Landing(z, t, student(z, t=t, s=s), s, 1, 4, partial(student, t=t, s=SIGMA_MIN))


def rms(x: Tensor) -> Tensor:
    return x.square().flatten(1).mean(1).sqrt()


def towards(aim: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda z: (z - aim).square().sum((1, 2))


def times(factor: float, loss: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    return factor * loss(z)


@pytest.mark.parametrize("strength", [0.01, 0.2, 1.5])
def test_a_correction_is_that_share_of_its_jump(strength: float) -> None:
    """While the aim is far: ten thousand times as far as a clean estimate ever is."""
    where = landing(20 * noise(3))
    correction = LossGuidance(towards(1e4 + noise(1)), strength)(where) - where.z_s
    assert torch.allclose(rms(correction), strength * rms(where.z_s - where.z), rtol=1e-10)


@pytest.mark.parametrize("strength", [0.01, 0.03, 0.1, 1.5])
@pytest.mark.parametrize("distance", [0.5, 30.0])
def test_a_correction_goes_no_further_than_would_do_if_the_loss_were_linear(strength: float, distance: float) -> None:
    """On the Gaussian, with ``e = clean - aim`` and slope ``r`` of the jump, that is ``rms(e) / 2r``."""
    where, aim = landing(20 * noise(3)), distance * noise(1)
    correction = LossGuidance(towards(aim), strength)(where) - where.z_s
    slope = math.hypot(SPREAD, SIGMA_MIN) / math.hypot(SPREAD, where.t)
    enough = rms(where.clean(where.z) - aim) / (2 * slope)
    assert torch.allclose(rms(correction), torch.minimum(strength * rms(where.z_s - where.z), enough), rtol=1e-8)


def test_a_sound_on_target_is_left_in_peace() -> None:
    where = landing(20 * noise(2, torch.float32))
    correction = LossGuidance(towards(where.clean(where.z)), 0.5)(where) - where.z_s
    assert not correction.any()
    near = where.clean(where.z) + 1e-6
    assert (rms(LossGuidance(towards(near), 0.5)(where) - where.z_s) < 1e-3 * rms(where.z_s - where.z)).all()


def test_a_correction_points_down_the_gradient() -> None:
    """On the Gaussian the gradient of a squared distance is a multiple of ``clean - aim``."""
    where, aim = landing(20 * noise(3)), noise(1)
    correction = LossGuidance(towards(aim), 0.2)(where) - where.z_s
    downhill = aim - where.clean(where.z)
    share = correction / downhill
    assert (share > 0).all() and torch.allclose(share, share[:, :1, :1].expand_as(share), rtol=1e-8)


def test_the_gradient_is_taken_at_the_start_of_the_jump_and_through_the_network() -> None:
    student, z, prompt = tiny_dit("student", **MINI), 5 * random_latents(2, 8), random_text(2, 3)
    clean = partial(jump, student, t=5.0, s=SIGMA_MIN, omega=2.0, conditioning=prompt)
    where = Landing(z, 5.0, 0.5 * z, 2.0, 1, 2, clean)
    correction = LossGuidance(towards(torch.zeros(1)), 0.2)(where) - where.z_s
    step = 1e-3 * correction / rms(correction)[:, None, None]
    rise = (towards(torch.zeros(1))(clean(z + step)) - towards(torch.zeros(1))(clean(z - step))) / 2
    free = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(3))
    free = 1e-3 * free / rms(free)[:, None, None]
    other = (towards(torch.zeros(1))(clean(z + free)) - towards(torch.zeros(1))(clean(z - free))) / 2
    assert (rise < 0).all() and (rise < -other.abs()).all()


def test_the_scale_of_a_loss_does_not_matter() -> None:
    where, loss = landing(20 * noise(2)), towards(noise(1))
    corrected = LossGuidance(loss, 0.2)(where)
    for scale in (1e-6, 1e6):
        assert torch.allclose(LossGuidance(partial(times, scale, loss), 0.2)(where), corrected, rtol=1e-12)


def test_items_are_corrected_as_if_alone() -> None:
    z = 20 * noise(3)
    together = LossGuidance(towards(noise(1)), 0.2)(landing(z))
    for i in range(3):
        alone = LossGuidance(towards(noise(1)), 0.2)(landing(z[i : i + 1]))
        assert torch.allclose(together[i : i + 1], alone, rtol=1e-12)


def test_no_strength_is_no_correction() -> None:
    where = landing(20 * noise(2))
    assert torch.equal(LossGuidance(towards(noise(1)), 0.0)(where), where.z_s)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("level", [0.01, 1.0, 80.0])
def test_where_a_loss_is_flat_nothing_is_corrected(dtype: torch.dtype, level: float) -> None:
    where = landing(level * noise(2, dtype), t=level, s=SIGMA_MIN)
    for value in (0.0, 7.0, 1e6):
        assert torch.equal(LossGuidance(lambda z, value=value: value + 0 * z.sum((1, 2)), 0.5)(where), where.z_s)  # type: ignore[misc]


def test_an_item_whose_loss_is_flat_leaves_its_neighbours_theirs() -> None:
    where = landing(40 * noise(2, torch.float32), t=80.0, s=SIGMA_MIN)
    only_first = torch.tensor([1.0, 0.0])
    corrected = LossGuidance(lambda z: only_first * towards(torch.zeros(1))(z), 0.5)(where)
    assert torch.isfinite(corrected).all()
    assert torch.equal(corrected[1], where.z_s[1]) and not torch.equal(corrected[0], where.z_s[0])


@pytest.mark.parametrize("scale", [1e-12, 1e-25, 1e-36])
def test_a_faint_gradient_stays_finite_and_goes_no_further_than_another(scale: float) -> None:
    where = landing(40 * noise(2, torch.float32), t=80.0, s=SIGMA_MIN)
    correction = LossGuidance(lambda z: scale * towards(torch.zeros(1))(z), 0.2)(where) - where.z_s
    assert (rms(correction) <= 0.2001 * rms(where.z_s - where.z)).all()


def test_no_graph_is_left_behind() -> None:
    z = (20 * noise(2)).requires_grad_()
    with torch.no_grad():
        corrected = LossGuidance(towards(noise(1)), 0.2)(landing(z))
    assert not corrected.requires_grad and z.grad is None


@pytest.mark.parametrize("nu", [1.0, 1.5])
@pytest.mark.parametrize("gamma", [0.0, 0.2])
def test_a_guided_sample_ends_nearer_to_its_aim(nu: float, gamma: float) -> None:
    """The mean of each item is asked for: a wish that leaves most of the sample free."""
    wish = lambda z: (z.mean((1, 2)) - 1.5).square()
    eps = [torch.randn(4, 2, 50, generator=torch.Generator().manual_seed(i), dtype=torch.float64) for i in range(16)]
    ends = [
        sample(
            GaussianStudent(), SIGMA_MAX * eps[0], text(MEAN), text(0.0), steps=16, omega=1.0, nu=nu, gamma=gamma,
            noise=eps[1:], steer=steer,
        )
        for steer in (None, LossGuidance(wish, 0.2))
    ]  # fmt: skip
    free, guided = (wish(z) for z in ends)
    assert (guided < 0.3 * free).all()


def test_every_jump_helps_while_the_aim_is_far() -> None:
    """Strength by strength the loss of the end falls, down to where corrections overshoot."""
    wish = towards(torch.full((1, 1, 1), 3.0, dtype=torch.float64))
    z_T = SIGMA_MAX * noise(1)
    losses = [
        float(wish(sample(GaussianStudent(), z_T, text(MEAN), text(0.0), steps=8, omega=1.0, steer=steer)))
        for steer in (None, *(LossGuidance(wish, strength) for strength in (0.01, 0.03, 0.1)))
    ]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.8 * losses[0]
