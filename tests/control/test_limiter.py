"""What is invented gives way, and only where it must."""

import numpy as np
import pytest
import torch

from soundctm.control.limiter import SECONDS, limited, room_beside, turned_down
from soundctm.control.observation import LowBand

RATE = 44100


@pytest.mark.parametrize("width", [1, 40, 441])
def test_the_sum_stays_within_full_scale_and_quiet_places_are_left_alone(width: int) -> None:
    rng = np.random.default_rng(width)
    kept = np.clip(np.where(np.arange(8000) < 3000, 0.5, 0.2) * rng.standard_normal((1, 1, 8000)), -1, 1)
    invented = np.where(np.arange(8000) < 3000, 0.9, 1e-4) * rng.standard_normal((1, 1, 8000))
    gain = room_beside(kept, invented, width)
    assert np.abs(kept + gain * invented).max() <= 1 + 1e-12
    assert gain.min() >= 0 and gain.max() <= 1
    assert gain[..., 3000 + 2 * width :].min() > 0.99
    assert gain[..., :3000].mean() < 0.95


def test_a_sound_with_room_passes_unchanged() -> None:
    kept, invented = 0.4 * np.ones((1, 1, 500)), -0.9 * np.ones((1, 1, 500))
    assert (room_beside(kept, invented, 50) == 1).all()


def test_the_gain_moves_slowly() -> None:
    kept, invented = np.zeros((1, 1, 4000)), np.full((1, 1, 4000), 0.5)
    invented[..., 2000] = 4.0
    gain = room_beside(kept, invented, 401)[0, 0]
    assert gain[2000] <= 0.25 + 1e-12 and np.abs(np.diff(gain)).max() < 0.01
    assert (gain[:1500] == pytest.approx(1.0)) and (gain[2500:] == pytest.approx(1.0))


def test_the_observed_band_stays_exact_under_the_limiter() -> None:
    n = np.arange(RATE)
    low = torch.from_numpy(0.8 * np.sin(2 * np.pi * 440 * n / RATE)).float()[None, None]
    high = torch.from_numpy(0.6 * np.sin(2 * np.pi * 9000 * n / RATE)).float()[None, None]
    observation = LowBand(low, 3000.0, RATE)
    out = observation.finish(low + high)
    assert float(out.abs().max()) <= 1.001
    difference = torch.fft.rfft((out - low)[0, 0].double()).abs()[: 3000 * len(n) // RATE]
    assert float(20 * torch.log10(difference.max() / torch.fft.rfft(low[0, 0].double()).abs().max())) < -100


def test_what_is_turned_down_keeps_its_shape_and_what_fits_is_left_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 1, 4000, generator=generator)
    loud = turned_down(3 * x)
    assert float(loud.abs().max()) == 1.0
    torch.testing.assert_close(loud, x / x.abs().max())
    quiet = 0.5 * x / x.abs().max()
    assert torch.equal(turned_down(quiet), quiet)
    assert torch.equal(turned_down(torch.zeros(1, 1, 8)), torch.zeros(1, 1, 8))


def test_a_limited_sound_is_within_full_scale_and_itself_away_from_its_tops() -> None:
    x = 0.4 * torch.sin(torch.arange(16000) / 5.0)[None, None]
    x[..., 8000:8040] *= 10.0
    out = limited(x, 8000)
    assert float(out.abs().max()) <= 1.0 + 1e-6
    reach = round(SECONDS * 8000) + 1
    assert torch.equal(out[..., : 8000 - reach], x[..., : 8000 - reach])
    assert torch.equal(out[..., 8040 + reach :], x[..., 8040 + reach :])
    gain = out[x.abs() > 0.05] / x[x.abs() > 0.05]
    assert float(gain.min()) > 0.2 and float(gain.max()) <= 1.0 + 1e-6


def test_the_gain_of_a_circle_has_no_seam() -> None:
    """Turned by any amount, a circular sound is limited to itself turned: its first sample is no end."""
    x = 0.4 * torch.sin(torch.arange(8000) / 5.0)[None, None]
    x[..., :20] *= 10.0
    turned = limited(x.roll(3000, dims=-1), 8000, circular=True).roll(-3000, dims=-1)
    torch.testing.assert_close(limited(x, 8000, circular=True), turned)
    assert not torch.allclose(limited(x, 8000), turned)
