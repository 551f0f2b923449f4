"""Projections onto what was observed: exact, idempotent, and without clicks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from soundctm.control.observation import Declipped, Known, LowBand, Observation
from soundctm.errors import UserError

RATE = 8000
N = 4001  # odd and prime: no lucky length


def noise(seed: int, n: int = N, batch: int = 1) -> Tensor:
    return 0.2 * torch.randn(batch, 1, n, generator=torch.Generator().manual_seed(seed))


def sine(hertz: float, n: int = N) -> Tensor:
    return 0.5 * torch.sin(2 * torch.pi * hertz * torch.arange(n, dtype=torch.float64) / RATE).float()[None, None]


def gaps(n: int, *stretches: tuple[int, int]) -> Tensor:
    known = torch.ones(n, dtype=torch.bool)
    for start, stop in stretches:
        known[start:stop] = False
    return known


def db(difference: np.ndarray, reference: np.ndarray) -> float:
    return float(10 * np.log10(np.square(np.abs(difference)).sum() / np.square(np.abs(reference)).sum() + 1e-30))


def cut(x: Tensor, level: float) -> Declipped:
    """A sound that went through a converter of full scale ``level``."""
    return Declipped(x.clamp(-level, level), (x.abs() >= level)[0, 0])


KINDS: dict[str, Callable[[], Observation]] = {
    "low band": lambda: LowBand(noise(0), 1000.0, RATE, transition=0.0),
    "known": lambda: Known(noise(0), gaps(N, (1000, 1500), (2000, 2010)), RATE),
    "declipped": lambda: cut(noise(0), 0.2),
}


@pytest.fixture(params=list(KINDS))
def observation(request: pytest.FixtureRequest) -> Observation:
    return KINDS[request.param]()


def test_a_projection_projects_once(observation: Observation) -> None:
    once = observation(noise(1))
    assert torch.allclose(observation(once), once, atol=1e-6)
    assert not torch.allclose(once, noise(1), atol=1e-2)


def test_a_projection_moves_nothing_that_agrees_and_never_away_from_it(observation: Observation) -> None:
    agreeing = observation(noise(2))
    x = noise(1)
    assert (observation(x) - agreeing).norm() <= (x - agreeing).norm()
    assert torch.allclose(observation(agreeing), agreeing, atol=1e-6)


def test_finish_agrees_with_what_was_observed(observation: Observation) -> None:
    final = observation.finish(noise(1))
    assert torch.allclose(observation(final), final, atol=1e-6)
    assert final.dtype == torch.float32 and final.shape == (1, 1, N)


def test_finish_takes_estimates_before_and_after_the_projection(observation: Observation) -> None:
    assert torch.allclose(observation.finish(observation(noise(1))), observation.finish(noise(1)), atol=1e-6)


def test_items_of_a_batch_do_not_meet(observation: Observation) -> None:
    x = noise(3, batch=2)
    for apply in (observation, observation.finish):
        assert torch.allclose(apply(x), torch.cat([apply(x[:1]), apply(x[1:])]), atol=1e-6)


def test_gradients_flow_through_the_projection(observation: Observation) -> None:
    x = noise(1).requires_grad_()
    observation(x).square().sum().backward()
    assert x.grad is not None and torch.isfinite(x.grad).all() and x.grad.abs().max() > 0


def test_another_length_is_refused(observation: Observation) -> None:
    with pytest.raises(ValueError, match=r"needs \[B, 1, 4001\]"):
        observation(noise(1, n=N - 1))


# ---- low band


@pytest.mark.parametrize("n", [4000, 4001])
@pytest.mark.parametrize("transition", [0.0, 100.0, 5000.0])
def test_the_band_below_the_cutoff_is_the_input(n: int, transition: float) -> None:
    y = noise(0, n)
    final = LowBand(y, 1000.0, RATE, transition).finish(10 * noise(1, n))
    below = np.fft.rfftfreq(n, 1 / RATE) <= 1000
    Y, Z = (np.fft.rfft(v[0, 0].double().numpy())[below] for v in (y, final))
    assert db(Z - Y, Y) < -100


def test_above_the_transition_is_the_generated() -> None:
    x = noise(1)
    final = LowBand(noise(0), 1000.0, RATE).finish(x)
    above = np.fft.rfftfreq(N, 1 / RATE) >= 1100
    X, Z = (np.fft.rfft(v[0, 0].double().numpy())[above] for v in (x, final))
    assert db(Z - X, X) < -100


def test_masks_are_complementary() -> None:
    y, x = noise(0), noise(1)
    both = LowBand(y, 1000.0, RATE)(x) + LowBand(x, 1000.0, RATE)(y)
    assert torch.allclose(both, x + y, atol=1e-6)


def test_mask_falls_like_a_raised_cosine() -> None:
    mask = LowBand(noise(0, 8000), 1000.0, RATE).mask()
    assert (mask[:1001] == 1).all() and (mask[1100:] == 0).all()
    assert torch.isclose(mask[1050], torch.tensor(0.5, dtype=torch.float64))
    assert torch.allclose(mask[1000:1101], 1 - mask[1000:1101].flip(0))


def test_a_transition_rings_less_far_than_an_edge() -> None:
    click = torch.zeros(1, 1, 8000)
    click[..., 4000] = 1
    silence = torch.zeros(1, 1, 8000)
    soft, hard = (LowBand(silence, 1000.0, RATE, t)(click)[0, 0, :3800].square().sum() for t in (100.0, 0.0))
    assert soft < 0.01 * hard


def test_a_bin_at_the_cutoff_belongs_below() -> None:
    for cutoff in range(100, 3900, 100):
        assert LowBand(noise(0, 8000), float(cutoff), RATE, 0.0).mask().sum() == cutoff + 1


@pytest.mark.parametrize("cutoff", [0.0, -5.0, 4000.0, float("nan")])
def test_a_cutoff_outside_the_band_is_refused(cutoff: float) -> None:
    with pytest.raises(UserError, match="must lie above 0 and below 4000 Hz"):
        LowBand(noise(0), cutoff, RATE)


# ---- known samples


@pytest.mark.parametrize(
    "stretches",
    [
        [(1000, 2000)],
        [(0, 800)],
        [(3000, N)],
        [(0, 500), (3500, N)],
        [(1, N)],
        [(0, N - 1)],
        [(1000, 1001), (1002, 1003), (1005, 1010), (1020, 1150)],
        [(0, 1), (N - 1, N)],
        [(i, i + 30) for i in range(0, 3900, 33)],
        [],
    ],
)
def test_known_samples_are_bit_exact(stretches: list[tuple[int, int]]) -> None:
    y, known = noise(0), gaps(N, *stretches)
    scrambled = torch.where(known, y, torch.nan)
    for apply in (Known(scrambled, known, RATE), Known(scrambled, known, RATE).finish):
        final = apply(noise(1))
        assert torch.equal(final[..., known], y[..., known])
        assert torch.isfinite(final).all() and final.abs().max() < 1.5


def test_the_middle_of_a_long_gap_is_the_generated() -> None:
    final = Known(noise(0), gaps(N, (1000, 2000)), RATE).finish(noise(1))
    assert torch.equal(final[..., 1080:1920], noise(1)[..., 1080:1920])
    assert not torch.allclose(final[..., 1000:1010], noise(1)[..., 1000:1010], atol=1e-2)


@pytest.mark.parametrize("hertz", [100.0, 440.0, 1700.0])
def test_a_sine_goes_on_into_the_gap(hertz: float) -> None:
    y = sine(hertz)
    final = Known(y, gaps(N, (2000, 3000)), RATE).finish(torch.zeros_like(y))
    weight = 0.5 + 0.5 * torch.cos(torch.pi * torch.arange(1, 81) / 81)
    assert torch.allclose(final[0, 0, 2000:2080], y[0, 0, 2000:2080] * weight, atol=2e-3)
    assert torch.allclose(final[0, 0, 2920:3000], y[0, 0, 2920:3000] * weight.flip(0), atol=2e-3)


@pytest.mark.parametrize("length", [1, 2, 7, 40, 79])
def test_a_sine_crosses_a_short_gap(length: int) -> None:
    y = sine(440.0)
    final = Known(y, gaps(N, (2000, 2000 + length)), RATE).finish(y + 0.05 * sine(1000.0))
    assert (final - y).abs().max() < 0.02


def test_a_gap_with_the_true_sound_in_it_stays_true() -> None:
    y = sine(440.0) + sine(1234.0)
    assert torch.allclose(Known(y, gaps(N, (0, 300), (2000, 2500)), RATE).finish(y), y, atol=2e-3)


def test_no_click_at_the_borders() -> None:
    """A cut to another sound steps far outside what the recording does; the finished one does not."""
    y = sine(200.0) + 0.01 * noise(0)
    x, known = -0.5 * y + 0.3, gaps(N, (2010, 3010))
    for order in (1, 2):
        usual = np.abs(np.diff(y[0, 0].numpy(), order)).max()
        worst = {
            name: max(np.abs(np.diff(v[0, 0].numpy(), order))[at - order : at + order].max() for at in (2010, 3010))
            for name, v in (("cut", Known(y, known, RATE)(x)), ("finished", Known(y, known, RATE).finish(x)))
        }
        assert worst["finished"] <= usual < 0.5 * worst["cut"]


def test_no_click_in_recordings(shared_folder: Path) -> None:
    """Steps at the borders of a gap filled with another recording lie within those of the recording itself."""
    files = sorted((shared_folder / "data" / "esc10").rglob("5-*.ogg"))[::16]
    if not files:
        pytest.skip("no held-out recordings in the shared folder")
    read = [soundfile.read(path, dtype="float32") for path in files]
    for (samples, rate), (other, _) in zip(read, read[1:] + read[:1], strict=True):
        y, x = (torch.from_numpy(v[: 4 * rate])[None, None] for v in (samples, other))
        start, stop = rate, 2 * rate
        final = Known(y, gaps(4 * rate, (start, stop)), rate).finish(x)
        for order in (1, 2):
            own = np.abs(np.diff(y[0, 0].numpy(), order))
            steps = np.abs(np.diff(final[0, 0].numpy(), order))
            for border in (start, stop):
                assert steps[border - order : border + order].max() <= own.max()


def test_all_unknown_or_broken_recordings_are_refused() -> None:
    with pytest.raises(UserError, match="nothing is known"):
        Known(noise(0), torch.zeros(N, dtype=torch.bool), RATE)
    with pytest.raises(UserError, match="not numbers"):
        Known(torch.full((1, 1, N), torch.nan), gaps(N, (0, 10)), RATE)
    with pytest.raises(ValueError, match=r"expected bool \[4001\]"):
        Known(noise(0), torch.ones(N), RATE)
    with pytest.raises(ValueError, match=r"expected \[1, 1, length\]"):
        Known(noise(0, batch=2), gaps(N, (0, 10)), RATE)


# ---- declipping


@pytest.mark.parametrize("level", [0.1, 0.3, 0.7])
def test_declipped_keeps_the_known_and_exceeds_the_level(level: float) -> None:
    declipped = cut(4 * noise(0), level)
    y, clipped = declipped.observed, declipped.clipped[None, None]
    assert 0.1 < clipped.float().mean() < 0.95
    for apply in (declipped, declipped.finish):
        final = apply(4 * noise(1))
        assert torch.equal(final[~clipped], y[~clipped])
        assert (final.abs()[clipped] >= torch.tensor(level)).all() and torch.equal(
            final.sign()[clipped], y.sign()[clipped]
        )


def test_the_true_sound_is_left_as_it_is() -> None:
    true = sine(123.0)
    declipped = cut(true, 0.3)
    assert torch.equal(declipped(true), true)
    assert torch.allclose(declipped.finish(true), true, atol=1e-6)


def test_a_wrong_side_comes_back_to_the_level() -> None:
    y = torch.tensor([[[0.0, 0.5, -0.5, 0.5, 0.1]]])
    declipped = Declipped(y, torch.tensor([False, True, True, True, False]))
    assert torch.equal(declipped(torch.tensor([[[9.0, -2.0, 3.0, 0.8, 9.0]]])), y + torch.tensor([0, 0, 0, 0.3, 0]))


def test_the_bound_of_a_sample_is_what_was_observed_of_it() -> None:
    """A cut top that was resampled, or averaged with another channel, is no plateau: each sample has its own bound."""
    y = torch.tensor([[[0.1, 0.4, 0.6, -0.2, -0.5]]])
    declipped = Declipped(y, torch.tensor([False, True, True, True, True]))
    assert torch.equal(declipped(torch.full_like(y, 0.5)), torch.tensor([[[0.1, 0.5, 0.6, -0.2, -0.5]]]))
    assert torch.equal(declipped(torch.full_like(y, -9.0)), torch.tensor([[[0.1, 0.4, 0.6, -9.0, -9.0]]]))


def test_declipping_leaves_no_steps_that_the_sound_does_not_make() -> None:
    true = sine(50.0)
    y = true.clamp(-0.3, 0.3)
    wild = true + 2 * true.sign() + noise(1)
    declipped = cut(true, 0.3)
    clipped = declipped.clipped
    border = clipped[1:] != clipped[:-1]
    steps = {
        name: v[0, 0].diff().abs()[border].max()
        for name, v in (("projected", declipped(wild)), ("finished", declipped.finish(wild)))
    }
    assert steps["finished"] <= y.diff().abs().max() * 1.0001 < 0.1 * steps["projected"]


def test_a_mask_that_cannot_be_is_refused() -> None:
    for mask in (torch.ones(N), torch.zeros(N - 1, dtype=torch.bool), torch.zeros(1, 1, N, dtype=torch.bool)):
        with pytest.raises(ValueError, match=r"expected bool \[4001\]"):
            Declipped(noise(0), mask)
    with pytest.raises(UserError, match="every sample is clipped"):
        Declipped(torch.ones(1, 1, 10), torch.ones(10, dtype=torch.bool))
