"""Between two takes: spherical in the noise, linear in the conditioning."""

import math

import torch
from torch import Tensor

from soundctm.conditioning import Conditioning


def slerp(a: Tensor, b: Tensor, amount: float) -> Tensor:
    """Spherical interpolation of each item of ``a, b [B, C, T]``; ``amount`` 0 gives ``a``, 1 gives ``b``.

    Noise keeps its level on the way, where a straight line would sink to 0.71 of it in the middle. The norms of the two
    are interpolated linearly.
    """
    flat_a, flat_b = (each.cpu().flatten(1).double() for each in (a, b))  # not every device has float64
    norm_a, norm_b = (v.norm(dim=1, keepdim=True) for v in (flat_a, flat_b))
    cosine = (flat_a * flat_b).sum(1, keepdim=True) / (norm_a * norm_b).clamp_min(torch.finfo(torch.float64).tiny)
    angle = cosine.clamp(-1.0, 1.0).acos()
    small = angle < 1e-6  # one direction: the line and the arc are the same
    sine = torch.where(small, torch.ones_like(angle), angle.sin())
    share_a = torch.where(small, torch.full_like(angle, 1 - amount), ((1 - amount) * angle).sin() / sine)
    share_b = torch.where(small, torch.full_like(angle, amount), (amount * angle).sin() / sine)
    unit = share_a * flat_a / norm_a + share_b * flat_b / norm_b
    return (unit * ((1 - amount) * norm_a + amount * norm_b)).reshape(a.shape).to(a)


def blend(a: Conditioning, b: Conditioning, amount: float) -> Conditioning:
    """Token by token ``(1 - amount) a + amount b``, both of one item.

    Every token is repeated until both have equally many, which attention and means over tokens do not feel: at 0 the
    blend acts as ``a``, at 1 as ``b``, and it is continuous between.
    """
    real = [c.tokens[:, c.mask[0]] for c in (a, b)]
    longest = math.lcm(*(x.shape[1] for x in real))
    repeated = [x.repeat_interleave(longest // x.shape[1], dim=1) for x in real]
    tokens = torch.lerp(repeated[0], repeated[1], amount)
    return Conditioning(tokens, tokens.new_ones(tokens.shape[:2], dtype=torch.bool))
