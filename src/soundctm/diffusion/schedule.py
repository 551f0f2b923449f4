"""The grid of noise levels (Karras et al. 2022, Eq. 5)."""

import torch
from torch import Tensor


def sigma_grid(steps: int, sigma_min: float = 0.002, sigma_max: float = 80.0, rho: float = 7.0) -> Tensor:
    """Noise levels ``[steps + 1]`` from ``sigma_max`` down to ``sigma_min``, float32 rounded from float64:
    ``(smax^(1/rho) + i/N (smin^(1/rho) - smax^(1/rho)))^rho``, ``i = 0 .. N``."""
    if steps < 1:
        raise ValueError(f"sigma_grid: steps is {steps}; at least 1 is needed")
    if not 0 < sigma_min < sigma_max:
        raise ValueError(f"sigma_grid: need 0 < sigma_min < sigma_max, got {sigma_min} and {sigma_max}")
    high, low = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    ramp = torch.arange(steps + 1, dtype=torch.float64) / steps
    return ((high + ramp * (low - high)) ** rho).float()
