"""The grid of noise levels (Karras et al. 2022, Eq. 5)."""

import torch
from torch import Tensor


def sigma_grid(
    steps: int, sigma_min: float = 0.002, sigma_max: float = 80.0, rho: float = 7.0, sigma_first: float | None = None
) -> Tensor:
    """Noise levels ``[steps + 1]`` from ``sigma_max`` down to ``sigma_min``, float32 rounded from float64:
    ``(smax^(1/rho) + i/N (smin^(1/rho) - smax^(1/rho)))^rho``, ``i = 0 .. N``.

    With ``sigma_first`` the first of several steps goes from ``sigma_max`` all the way to it, and the others share the
    rest in the same way. What a sound is is decided at high noise: there a trajectory of many steps then is that of
    one. Raises ValueError for steps below 1 and levels out of order.
    """
    if steps < 1:
        raise ValueError(f"sigma_grid: steps is {steps}; at least 1 is needed")
    if not 0 < sigma_min < sigma_max:
        raise ValueError(f"sigma_grid: need 0 < sigma_min < sigma_max, got {sigma_min} and {sigma_max}")
    if sigma_first is not None:
        if not sigma_min < sigma_first < sigma_max:
            raise ValueError(f"sigma_grid: sigma_first is {sigma_first}; it lies between {sigma_min} and {sigma_max}")
        if steps > 1:
            return torch.cat([torch.tensor([sigma_max]), sigma_grid(steps - 1, sigma_min, sigma_first, rho)])
    return sigma_at(torch.arange(steps + 1, dtype=torch.float64) / steps, sigma_min, sigma_max, rho).float()


def sigma_at(xi: Tensor, sigma_min: float, sigma_max: float, rho: float) -> Tensor:
    """The grid's formula at positions ``xi`` from 0 (``sigma_max``) to 1 (``sigma_min``), in ``xi``'s precision."""
    high, low = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return (high + xi * (low - high)) ** rho
