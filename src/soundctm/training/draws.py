"""The random times of training: noise levels of the DSM loss, and the (t, u, s) of a distilled jump."""

import torch
from torch import Tensor

from soundctm.diffusion.schedule import sigma_grid

TOP_SHARE = 0.7  # of the grid that the second half of the DSM times of a student comes from


def log_normal(size: int, mean: float, std: float, generator: torch.Generator) -> Tensor:
    """``sigma [size]`` with ``ln sigma ~ N(mean, std^2)`` (Karras et al. 2022, Table 1)."""
    return torch.exp(mean + std * torch.randn(size, generator=generator))


def grid_formula(xi: Tensor, sigma_min: float = 0.002, sigma_max: float = 80.0, rho: float = 7.0) -> Tensor:
    """``(smax^(1/rho) + xi (smin^(1/rho) - smax^(1/rho)))^rho``: the sampling grid at real positions ``xi``."""
    high, low = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return (high + xi * (low - high)) ** rho


def student_dsm_times(size: int, mean: float, std: float, generator: torch.Generator) -> Tensor:
    """Times ``[size]`` of Eq. 8: half log-normal, half from the top 70 % of the grid (appendix D.1)."""
    half = size // 2
    top = grid_formula(TOP_SHARE * torch.rand(size - half, generator=generator))
    return torch.cat([log_normal(half, mean, std, generator), top])


def jump_times(
    size: int, solver_steps: int, intervals: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Grid indices ``(t, u, s)``, each ``[size]``: t uniform on ``0 .. intervals - 1 - solver_steps``, ``u = t +
    solver_steps`` grid steps later, s uniform on ``u .. intervals - 1``; larger indices are lower noise."""
    if not 1 <= solver_steps < intervals:
        raise ValueError(f"solver steps {solver_steps} outside 1..{intervals - 1}")
    t = torch.randint(0, intervals - solver_steps, (size,), generator=generator)
    u = t + solver_steps
    s = u + (torch.rand(size, generator=generator) * (intervals - u)).long()
    return t, u, s


def training_grid(points: int, sigma_min: float, sigma_max: float, rho: float) -> Tensor:
    """The ``points`` noise levels that t, u and s are drawn from (paper: N = 40)."""
    return sigma_grid(points - 1, sigma_min, sigma_max, rho)
