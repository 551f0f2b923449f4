"""A decoder that is easy to follow, and a GAN loss of small discriminators on what it decodes."""

import math
from typing import Any

from torch import Tensor, arange, sin, stack


class Waves:
    """Of latents with 4 channels: every frame is a stretch of a sinusoid per channel."""

    sample_rate = 8000
    hop = 256

    def __call__(self, z: Tensor) -> Tensor:
        time = arange(z.shape[-1] * self.hop) / self.sample_rate
        waves = stack([sin(2 * math.pi * f * time) for f in (220.0, 440.0, 700.0, 1500.0)])
        return (z.repeat_interleave(self.hop, dim=-1) * waves).sum(1)


SMALL = {"periods": (2, 3), "period_widths": (4, 8), "windows": (256,), "band_edges": (0.0, 0.4, 1.0), "band_width": 4}
GAN: dict[str, Any] = {"crop_frames": 4, "discriminators": SMALL}
