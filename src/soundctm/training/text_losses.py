"""Losses of the text encoder: contrast with sounds, and imitation of a larger sentence encoder."""

import torch
import torch.nn.functional as F
from torch import Tensor

SAME_CLASS_WEIGHT = 0.1  # of a negative whose classes are all the same but whose words differ ("a low bell")


def info_nce(logits: Tensor, weights: Tensor) -> Tensor:
    """Symmetric InfoNCE (van den Oord et al. 2018) of ``logits [B, B]`` whose diagonal holds the true pairs.

    ``weights [B, B]`` in [0, 1] multiply the terms of the denominators: 0 takes a pair out, 1 is a full negative. The
    diagonal counts as 1 whatever it holds.
    """
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    weighted = logits + weights.masked_fill(own, 1.0).log()
    target = torch.arange(len(logits), device=logits.device)
    return 0.5 * (F.cross_entropy(weighted, target) + F.cross_entropy(weighted.T, target))


def negative_weights(captions: Tensor, classes: Tensor) -> Tensor:
    """Weights ``[B, B]`` for :func:`info_nce` from an id per caption list ``[B]`` and multi-hot classes ``[B, K]``.

    Clips that share their captions are no negatives of each other; others count the less, the more classes they share
    (Jaccard index), down to ``SAME_CLASS_WEIGHT``.
    """
    both = classes.float() @ classes.float().T
    count = classes.float().sum(1)
    shared = both / (count[:, None] + count[None, :] - both).clamp_min(1.0)
    weights = 1.0 - (1.0 - SAME_CLASS_WEIGHT) * shared
    return weights.masked_fill(captions[:, None] == captions[None, :], 0.0)


def cosine_loss(a: Tensor, b: Tensor) -> Tensor:
    """``1 - cos(a, b)`` along the last axis, averaged."""
    return 1.0 - F.cosine_similarity(a, b, dim=-1).mean()


def relation_loss(ours: Tensor, theirs: Tensor) -> Tensor:
    """Mean squared difference of the cosine matrices of ``ours [B, D]`` and ``theirs [B, E]``, off the diagonal
    (similarity-preserving distillation, Tung and Mori 2019)."""
    a, b = F.normalize(ours, dim=-1), F.normalize(theirs, dim=-1)
    return (a @ a.T - b @ b.T).square().sum() / (len(a) * (len(a) - 1))


def neighbour_loss(
    ours: Tensor, ours_known: Tensor, theirs: Tensor, theirs_known: Tensor, temperature: float
) -> Tensor:
    """Cross-entropy of "which known text is nearest": their softmax over ``[P, K]`` cosines taught to ours, less its
    own entropy (a KL divergence). The known side gets no gradient. All inputs have unit length."""
    target = (theirs @ theirs_known.T / temperature).softmax(-1)
    log_ours = (ours @ ours_known.detach().T / temperature).log_softmax(-1)
    return F.kl_div(log_ours, target, reduction="batchmean")
