"""Latents whose trajectories are known in closed form, as a source of training batches."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from soundctm.backbones import DiTConfig
from soundctm.conditioning import Conditioning
from soundctm.training.data.source import Batch

SIGMA_DATA = 0.5
WIDTH = 8  # numbers of a text token


def tiny_backbone(role: str = "teacher", channels: int = 4) -> DiTConfig:
    """The embedded model's variants of the backbone at the smallest sizes."""
    return DiTConfig(
        role=role, channels=channels, width=16, depth=2, heads=2, context_dim=WIDTH, kv_heads=2, patch=2, qk_norm=True,
        time_conditioning="adaln", jump_embedding="separate", pooled_context=True, fourier_features=8, rope_dims=4,
    )  # type: ignore[arg-type]  # fmt: skip


def gaussian_jump(z: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """``G(z, t, s)`` of the probability flow from ``N(0, sigma_data^2)``: levels ``[B]``."""
    scale = ((s**2 + SIGMA_DATA**2) / (t**2 + SIGMA_DATA**2)).sqrt()
    return scale[:, None, None] * z


class GaussianLatents:
    """Latents ``[B, channels, frames]`` of ``N(0, sigma_data^2)``; captions are noise, so that they say nothing."""

    def __init__(self, channels: int = 4, frames: int = 6, seed: int = 0) -> None:
        self.channels, self.frames, self.seed = channels, frames, seed
        self.context_dim = WIDTH
        self.identity = f"gaussian {channels} x {frames}, seed {seed}"

    def batch(self, step: int, size: int, drop: float) -> Batch:
        rng = np.random.default_rng((self.seed, step))
        z_0 = SIGMA_DATA * rng.standard_normal((size, self.channels, self.frames))
        tokens = rng.standard_normal((size, 3, WIDTH)) * (rng.random(size) >= drop)[:, None, None]
        mask = torch.ones(size, 3, dtype=torch.bool)
        return Batch(torch.from_numpy(z_0).float(), Conditioning(torch.from_numpy(tokens).float(), mask))

    def unconditional(self) -> Conditioning:
        return Conditioning(torch.zeros(1, 3, WIDTH), torch.ones(1, 3, dtype=torch.bool))

    def describe(self, step: int, size: int) -> Mapping[str, Any]:
        return {"captions": [f"noise {step}-{i}" for i in range(size)]}
