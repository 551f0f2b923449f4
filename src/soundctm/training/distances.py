"""Distances between two latent predictions for the CTM loss: teacher features (Eq. 5) and plain l2."""

import torch
from torch import Tensor

from soundctm.backbones.dit import DiT
from soundctm.conditioning import Conditioning
from soundctm.diffusion.precond import c_in, c_noise


def teacher_features(teacher: DiT, z: Tensor, t: Tensor, conditioning: Conditioning) -> list[Tensor]:
    """Outputs ``TN_m [B, N, W]`` of the teacher's chained blocks at noise level ``t``, each token's channels divided by
    their norm."""
    features = teacher.forward_features(c_in(t)[:, None, None] * z, c_noise(t), conditioning)
    return [f / (f.square().sum(-1, keepdim=True).sqrt() + 1e-10) for f in features]


def feature_distance(teacher: DiT, z_target: Tensor, z_est: Tensor, t: Tensor, conditioning: Conditioning) -> Tensor:
    """``d_teacher`` per item ``[B]`` (Eq. 5): squared differences of normalised features, averaged over tokens and
    summed over channels and layers. Gradients flow into ``z_est`` only."""
    with torch.no_grad():
        target = teacher_features(teacher, z_target, t, conditioning)
    estimate = teacher_features(teacher, z_est, t, conditioning)
    return torch.stack([(a - b).square().sum(-1).mean(-1) for a, b in zip(target, estimate, strict=True)]).sum(0)
