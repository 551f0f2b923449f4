"""Laws of Heun's method."""

import numpy as np
import pytest
import torch
from torch import Tensor

from soundctm.diffusion import heun
from tests.oracles.gaussian import denoised, solution

MEAN = 0.7


def gaussian(z: Tensor, t: Tensor) -> Tensor:
    return denoised(z, t[:, None, None], MEAN)


def start(batch: int = 2) -> Tensor:
    return torch.randn(batch, 1, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 5


@pytest.mark.parametrize(("sigma_max", "sigma_min"), [(5.0, 0.01), (80.0, 0.002)])
def test_error_falls_with_the_square_of_the_step(sigma_max: float, sigma_min: float) -> None:
    z, counts = start() * sigma_max / 5, np.array([64, 128, 256, 512])
    exact = solution(z, sigma_max, sigma_min, MEAN)
    errors = []
    for n in counts:
        low, high = sigma_min ** (1 / 7), sigma_max ** (1 / 7)
        sigmas = torch.linspace(high, low, int(n) + 1, dtype=torch.float64) ** 7
        errors.append(float((heun(gaussian, z, sigmas) - exact).abs().max()))
    slope = np.polyfit(np.log(1 / counts), np.log(errors), 1)[0]
    assert 1.9 < slope < 2.15


def test_a_column_per_item_is_as_if_each_were_alone() -> None:
    z = start(3)
    grid = torch.tensor([[5.0, 80.0, 1.0], [2.0, 30.0, 0.5], [0.5, 10.0, 0.1]], dtype=torch.float64)
    together = heun(gaussian, z, grid)
    for i in range(3):
        assert torch.allclose(together[i : i + 1], heun(gaussian, z[i : i + 1], grid[:, i]), atol=1e-14)


def test_a_step_to_zero_ends_at_the_denoiser_for_its_item_alone() -> None:
    z = start(2)
    grid = torch.tensor([[2.0, 2.0], [0.0, 0.5]], dtype=torch.float64)
    out = heun(gaussian, z, grid)
    assert torch.allclose(out[0], denoised(z[0], 2.0, MEAN), atol=1e-14)
    assert torch.equal(out[1:], heun(gaussian, z[1:], grid[:, 1]))
    assert torch.allclose(heun(gaussian, z, grid[:, 0]), denoised(z, 2.0, MEAN), atol=1e-14)


def test_callback_sees_every_step_and_may_stop() -> None:
    seen: list[tuple[int, int]] = []

    def stop_at_two(step: int, steps: int, z: Tensor) -> None:
        seen.append((step, steps))
        if step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        heun(gaussian, start(), torch.tensor([3.0, 2.0, 1.0, 0.5]), stop_at_two)
    assert seen == [(1, 3), (2, 3)]


def test_a_grid_without_a_step_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        heun(gaussian, start(), torch.tensor([1.0]))
