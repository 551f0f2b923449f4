"""The grid of noise levels."""

from pathlib import Path

import pytest
import torch

from soundctm.diffusion import sigma_grid
from tests.oracles.official import load_official, relative_error


def test_grid_is_even_in_the_seventh_root_between_its_ends() -> None:
    grid = sigma_grid(12)
    assert len(grid) == 13
    assert grid[0].item() == pytest.approx(80.0, rel=1e-6)
    assert grid[-1].item() == pytest.approx(0.002, rel=1e-6)
    roots = grid.double() ** (1 / 7)
    assert torch.allclose(roots.diff(), (roots[-1] - roots[0]).expand(12) / 12, rtol=1e-5)


def test_rho_one_is_an_even_grid() -> None:
    assert torch.allclose(sigma_grid(4, 1.0, 5.0, rho=1.0), torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0]))


@pytest.mark.parametrize("steps", [1, 2, 4, 16])
def test_grid_is_that_of_the_official_code_without_its_final_zero(shared_folder: Path, steps: int) -> None:
    expected = load_official(shared_folder).expected[f"schedule.steps{steps}"]
    assert relative_error((sigma_grid(steps) / expected[:-1]), torch.ones(steps + 1)) < 1e-6


@pytest.mark.parametrize("steps", [2, 5])
def test_a_first_level_is_followed_by_a_grid_of_its_own(steps: int) -> None:
    grid = sigma_grid(steps, sigma_first=0.5)
    assert grid[0] == 80.0 and torch.equal(grid[1:], sigma_grid(steps - 1, sigma_max=0.5))
    assert torch.equal(sigma_grid(1, sigma_first=0.5), sigma_grid(1))


def test_an_empty_or_rising_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        sigma_grid(0)
    with pytest.raises(ValueError, match="sigma_min < sigma_max"):
        sigma_grid(4, sigma_min=2.0, sigma_max=1.0)
    for first in (0.002, 80.0, 100.0):
        with pytest.raises(ValueError, match="sigma_first"):
            sigma_grid(4, sigma_first=first)
