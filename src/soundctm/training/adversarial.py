"""Least-squares adversarial losses (Mao et al. 2017) and feature matching (Larsen et al. 2016).

All are sums over discriminators of means over places, as in the Descript Audio Codec.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from soundctm.training.discriminators.judgement import Judgement

T = TypeVar("T")


def _sum(terms: list[Tensor]) -> Tensor:
    return torch.stack(terms).sum()


def discriminator_loss(real: Sequence[Judgement], fake: Sequence[Judgement]) -> Tensor:
    """``sum_k mean (1 - D_k(x))^2 + mean D_k(x_hat)^2``."""
    return _sum(
        [
            (1 - r.logits.float()).square().mean() + f.logits.float().square().mean()
            for r, f in zip(real, fake, strict=True)
        ]
    )


def generator_loss(fake: Sequence[Judgement]) -> Tensor:
    """``sum_k mean (1 - D_k(x_hat))^2``."""
    return _sum([(1 - f.logits.float()).square().mean() for f in fake])


def feature_matching(real: Sequence[Judgement], fake: Sequence[Judgement]) -> Tensor:
    """``sum_k sum_l mean |D_k^l(x) - D_k^l(x_hat)|``; no gradient flows into the features of the real sound."""
    return _sum(
        [
            (a.detach().float() - b.float()).abs().mean()
            for r, f in zip(real, fake, strict=True)
            for a, b in zip(r.features, f.features, strict=True)
        ]
    )


def features_apart(first: Sequence[Judgement], second: Sequence[Judgement]) -> Tensor:
    """The distance of :func:`feature_matching` with gradients on both sides."""
    return _sum(
        [
            (a.float() - b.float()).abs().mean()
            for f, s in zip(first, second, strict=True)
            for a, b in zip(f.features, s.features, strict=True)
        ]
    )


def energy(between: Callable[[T, T], Tensor], target: T, first: T, second: T) -> Tensor:
    """Generalised energy distance ``d(x, y) + d(x, y') - d(y, y')`` of two independent draws ``y, y'``.

    For decoders that draw noise: a plain ``d(x, y)`` rewards the mean of all sounds that the latents allow, this
    rewards draws that differ from one another as they differ from the target (Gritsenko et al. 2020).
    """
    return between(target, first) + between(target, second) - between(first, second)
