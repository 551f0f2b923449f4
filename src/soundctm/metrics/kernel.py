"""Kernel distance between two sets of embeddings: unbiased squared MMD (Binkowski et al. 2018)."""

import numpy as np


def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """``E k(a, a') + E k(b, b') - 2 E k(a, b)`` with ``k(x, y) = (x.y / D + 1)^3``, pairs of one row with itself left
    out. Its mean is 0 for two draws of one distribution, whatever their sizes; it may be negative."""
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"kernel_distance: need two [n, D] arrays of at least 2 rows, got {a.shape} and {b.shape}")

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.asarray((x @ y.T / x.shape[1] + 1.0) ** 3)

    def within(x: np.ndarray) -> float:
        k = kernel(x, x)
        return float((k.sum() - np.trace(k)) / (len(x) * (len(x) - 1)))

    return within(a) + within(b) - 2 * float(kernel(a, b).mean())
