"""Networks ``F(x, c_noise(t), c_noise(s), omega, conditioning)`` on tensors; strings never reach them."""

from soundctm.backbones.dit import DiT, DiTConfig

__all__ = ["DiT", "DiTConfig"]
