"""Data consistency on sounds whose codec loses nothing: what is reached, how fast, and what is left alone."""

import math

import pytest
import torch
from torch import Tensor

from soundctm.autoencoder import Normalizer, SpectralAutoencoder
from soundctm.control.codec import Codec
from soundctm.control.consistency import DataConsistency
from soundctm.control.observation import Known, LowBand, Observation
from soundctm.diffusion import sigma_grid
from soundctm.trajectory import sample
from tests.oracles.folder import SPECTRAL, stirred
from tests.oracles.gaussian import SPREAD, GaussianStudent, text
from tests.oracles.linear import LinearAutoencoder, plain_codec
from tests.oracles.tiny import MINI, random_text, tiny_dit

SIGMA_MAX, SIGMA_MIN = 80.0, 0.002
FRAMES, HOP = 20, 16
LENGTH = FRAMES * HOP - 5


class Everything:
    """An observation of nothing at all: every sound agrees with it."""

    def __call__(self, x: Tensor) -> Tensor:
        return x

    finish = __call__


def sound(seed: int) -> Tensor:
    return 0.3 * torch.randn(1, 1, LENGTH, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def half_known() -> Known:
    return Known(sound(1), torch.arange(LENGTH) < 150, 8000)


def run(observation: Observation | None, steps: int, gamma: float = 0.0) -> Tensor:
    """The end of a trajectory of the perfect student as a sound."""
    codec = plain_codec(LinearAutoencoder(HOP, dtype=torch.float64))
    generator = torch.Generator().manual_seed(0)
    eps = [torch.randn(1, HOP, FRAMES, generator=generator, dtype=torch.float64) for _ in range(steps)]
    steer = None if observation is None else DataConsistency(codec, observation, LENGTH)
    z = sample(
        GaussianStudent(), SIGMA_MAX * eps[0], text(0.1), text(0.0), steps=steps, omega=1.0, gamma=gamma,
        noise=eps[1:], steer=steer,
    )  # fmt: skip
    return codec.decode(z, LENGTH)


@pytest.mark.parametrize("kind", ["linear", "spectral"])
def test_an_observation_that_everything_agrees_with_changes_no_bit(kind: str) -> None:
    if kind == "linear":
        student, codec = tiny_dit("student", channels=8, **MINI), plain_codec(LinearAutoencoder(8))
    else:
        student = tiny_dit("student", channels=8, **MINI)
        torch.manual_seed(0)
        autoencoder = stirred(SpectralAutoencoder(SPECTRAL), 2)
        codec = Codec(autoencoder, Normalizer(torch.linspace(-1, 1, 8), torch.linspace(0.5, 2, 8)), seed=3)
    z_T = SIGMA_MAX * torch.randn(1, 8, 12, generator=torch.Generator().manual_seed(0))
    ends = [
        sample(student, z_T, random_text(1, 3), random_text(1, 1), steps=3, omega=2.0, nu=1.5, steer=steer)
        for steer in (None, DataConsistency(codec, Everything(), 12 * codec.hop - 3))
    ]
    assert torch.equal(*ends)


@pytest.mark.parametrize("steps", [1, 2, 4, 16])
def test_what_was_observed_is_approached_by_the_factor_of_the_theory(steps: int) -> None:
    """A correction of ``(1 - s/t) c`` at level ``s`` moves the end by ``a(s)`` of it, where ``a`` is the slope of the
    jump to the end; what is missing shrinks by ``1 - (1 - s/t) a(s)`` at every step."""
    known = half_known()
    free, held = run(None, steps), run(known, steps)
    levels = sigma_grid(steps).double()
    slope = ((SPREAD**2 + SIGMA_MIN**2) / (SPREAD**2 + levels[1:] ** 2)).sqrt()
    left = float((1 - (1 - levels[1:] / levels[:-1]) * slope).prod())
    missing = (held - known.observed)[..., known.known] / (free - known.observed)[..., known.known]
    assert torch.allclose(missing, torch.full_like(missing, left), rtol=1e-3, atol=1e-7)
    assert left < 0.02


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_what_was_observed_is_reached(gamma: float) -> None:
    known = half_known()
    held = run(known, 8, gamma)
    error = (held - known.observed)[..., known.known].square().mean().sqrt()
    assert error < 0.01 * known.observed[..., known.known].square().mean().sqrt()


@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_what_was_not_observed_goes_its_own_way(gamma: float) -> None:
    known = half_known()
    free, held = run(None, 4, gamma), run(known, 4, gamma)
    assert torch.allclose(held[..., ~known.known], free[..., ~known.known], atol=1e-9)


def test_bands_are_held_as_samples_are() -> None:
    observed = sound(1)
    held, free = (run(each, 8) for each in (LowBand(observed, 1000.0, 8000, transition=0.0), None))
    f = torch.fft.rfftfreq(LENGTH, 1 / 8000)
    H, Y, X = (torch.fft.rfft(x[0, 0]) for x in (held, observed, free))
    assert (H - Y)[f <= 1000].norm() < 0.01 * Y[f <= 1000].norm()
    assert (H - X)[f > 1000].norm() < 1e-6 * X[f > 1000].norm()


def test_a_correction_is_the_part_of_the_way_that_the_jump_goes() -> None:
    codec = plain_codec(LinearAutoencoder(HOP, dtype=torch.float64))
    consistency, known, shown = DataConsistency(codec, half_known(), LENGTH), half_known(), []

    def check(landing):  # type: ignore[no-untyped-def]
        aim = codec.decode(landing.clean(landing.z), LENGTH)
        expected = (1 - landing.s / landing.t) * torch.where(known.known, known.observed - aim, 0)
        moved = codec.decode(consistency(landing) - landing.z_s, LENGTH)
        shown.append(torch.allclose(moved, expected, atol=1e-9) and math.isfinite(float(moved.norm())))
        return consistency(landing)

    z_T = SIGMA_MAX * torch.randn(1, HOP, FRAMES, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    sample(GaussianStudent(), z_T, text(0.1), text(0.0), steps=4, omega=1.0, gamma=0.3, noise=[z_T] * 3, steer=check)
    assert shown == [True] * 4


def test_no_gradient_is_kept() -> None:
    codec = plain_codec(LinearAutoencoder(HOP, dtype=torch.float64))
    z_T = torch.ones(1, HOP, FRAMES, dtype=torch.float64)
    seen = []
    steer = DataConsistency(codec, half_known(), LENGTH)

    def watch(landing):  # type: ignore[no-untyped-def]
        seen.append(steer(landing))
        return seen[-1]

    with torch.no_grad():
        sample(GaussianStudent(), z_T, text(0.1), text(0.0), steps=1, omega=1.0, steer=watch)
    assert not seen[0].requires_grad
