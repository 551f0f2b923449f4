"""Frechet distance between two sets of embeddings (Heusel et al. 2017; Kilgour et al. 2019)."""

import numpy as np


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """``|mu_a - mu_b|^2 + tr(A + B - 2 (A B)^(1/2))`` of Gaussians fitted to ``a [n, D]`` and ``b [m, D]``.

    ``tr (A B)^(1/2)`` is the sum of square roots of the eigenvalues of ``A^(1/2) B A^(1/2)``, which are real and not
    negative, so no matrix root of an unsymmetric product is needed.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"frechet_distance: need two [n, D] arrays of at least 2 rows, got {a.shape} and {b.shape}")
    cov_a, cov_b = np.atleast_2d(np.cov(a, rowvar=False)), np.atleast_2d(np.cov(b, rowvar=False))
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cov_b @ root), 0, None)).sum()
    shift = np.square(a.mean(0) - b.mean(0)).sum()
    return float(shift + np.trace(cov_a) + np.trace(cov_b) - 2 * cross)
