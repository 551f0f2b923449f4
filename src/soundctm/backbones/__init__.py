"""Networks ``F(x, c_noise(t), c_noise(s), omega, conditioning)`` on tensors; strings never reach them."""

from soundctm.backbones.config import DiTConfig
from soundctm.backbones.dit import DiT, parameters
from soundctm.backbones.staged import Staged

__all__ = ["DiT", "DiTConfig", "Staged", "parameters"]
