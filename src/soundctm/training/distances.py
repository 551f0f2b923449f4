"""Distances between the two predictions of the CTM loss: teacher features (Eq. 5), their official variant, l2."""

from typing import Literal

import torch
from torch import Tensor

from soundctm.backbones.dit import DiT
from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import c_in, c_noise

DistanceName = Literal["teacher", "official", "l2_s", "l2_0"]
Layers = Literal["all", "half"]
SMALL = 1e-10  # keeps the norm of an all-zero feature from dividing by zero

OVER_CHANNELS, OVER_TOKENS = -1, 1


def teacher_features(
    teacher: DiT, z: Tensor, t: Tensor, conditioning: Conditioning, *, official: bool = False
) -> list[Tensor]:
    """Outputs ``TN_m [B, N, W]`` of the teacher's blocks at noise level ``t``, divided by their norm: over each token's
    channels with the blocks chained, or as the official code has it, over tokens with every block fed the input."""
    scaled = c_in(t)[:, None, None] * z
    features = teacher.forward_features(scaled, c_noise(t), conditioning, chained=not official)
    axis = OVER_TOKENS if official else OVER_CHANNELS
    return [f / (f.square().sum(axis, keepdim=True).sqrt() + SMALL) for f in (f.float() for f in features)]


def feature_distance(
    teacher: DiT, z_target: Tensor, z_est: Tensor, t: Tensor, conditioning: Conditioning, *,
    layers: Layers = "all", official: bool = False,
) -> Tensor:  # fmt: skip
    """``d_teacher`` per item ``[B]`` (Eq. 5): squared differences of normalised features, averaged over tokens and
    summed over channels and layers; the official variant averages over channels too. Gradients flow into ``z_est``
    only. ``layers="half"`` takes every second block, the last among them."""
    with torch.no_grad():
        target = teacher_features(teacher, z_target, t, conditioning, official=official)
    estimate = teacher_features(teacher, z_est, t, conditioning, official=official)
    pairs = list(zip(target, estimate, strict=True))[:: -2 if layers == "half" else -1]
    squares = [(a - b).square() for a, b in pairs]
    return torch.stack([x.mean((1, 2)) if official else x.sum(-1).mean(-1) for x in squares]).sum(0)


def l2_distance(z_target: Tensor, z_est: Tensor) -> Tensor:
    """Mean squared difference per item ``[B]``."""
    return (z_target.detach() - z_est).square().mean((1, 2))
