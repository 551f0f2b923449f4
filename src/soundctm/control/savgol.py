"""The Savitzky-Golay (1964) smoother as a linear map on tensors."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor


@lru_cache(maxsize=32)
def _rows(window: int, order: int) -> np.ndarray:
    """What each point of a whole window becomes, ``[window, window]``: fits at its start, centre and end."""
    from scipy.signal import savgol_filter  # takes a while to load

    return np.asarray(savgol_filter(np.eye(window), window, order, axis=0, mode="interp"))


def savgol(curve: Tensor, window: int, order: int) -> Tensor:
    """``scipy.signal.savgol_filter(curve, window, order, mode="interp")`` over the last axis of ``curve [B, n]``.

    Each point becomes the value there of the polynomial of degree ``order`` fitted to the ``window`` points around it;
    the half windows at both ends are read from the first and the last whole fit. A curve shorter than the odd
    ``window`` is smoothed with the largest odd window that fits, and a window that holds at most ``order`` points
    with the highest degree that it determines.
    """
    window = min(window, curve.shape[-1] - (1 - curve.shape[-1] % 2))
    rows = torch.from_numpy(_rows(window, min(order, window - 1))).to(curve)
    half = window // 2
    start, end = curve[:, :window] @ rows[:half].T, curve[:, -window:] @ rows[half + 1 :].T
    return torch.cat([start, curve.unfold(-1, window, 1) @ rows[half], end], dim=-1)
