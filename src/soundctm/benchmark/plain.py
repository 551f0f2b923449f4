"""A backbone as its equations read, from its weights by name: no text is prepared, nothing is folded or kept.

It shares no forward code with :class:`soundctm.backbones.DiT`, so whatever makes that faster leaves this as it is. The
names are those of a model folder, which do not change.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from soundctm.backbones import DiTConfig

EMBEDDED_OMEGA = 1000.0  # what the guidance scale is multiplied with before its sinusoids
BASE = 10_000.0  # of the rates of sinusoids and rotary positions

Caller = Callable[..., Tensor]


def directly(layer: Caller, *inputs: Any) -> Tensor:
    """Call a layer: the other way is to checkpoint it."""
    return layer(*inputs)


def omega_sinusoid(omega: Tensor, width: int) -> Tensor:
    """``[sin, cos]`` of ``1000 omega`` at geometric rates: ``[B] -> [B, width]``."""
    half = width // 2
    rates = torch.exp(-math.log(BASE) / (half - 1) * torch.arange(half, device=omega.device))
    angle = EMBEDDED_OMEGA * omega[:, None] * rates
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def places(length: int, features: int, device: torch.device) -> Tensor:
    """``[cos, sin](pi k p)`` of the place ``p`` in 0..1 of each token of a whole clip: ``[length, features]``."""
    p = (torch.arange(length, device=device) + 0.5) / length
    angle = math.pi * p[:, None] * torch.arange(1, features // 2 + 1, device=device)
    return torch.cat([angle.cos(), angle.sin()], dim=-1)


def turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on the first channels of each head, in halves: ``[B, heads, N, head_dim]``."""
    turned, kept = x[..., : cos.shape[-1]], x[..., cos.shape[-1] :]
    first, second = turned.chunk(2, dim=-1)
    return torch.cat([turned * cos + torch.cat([-second, first], dim=-1) * sin, kept], dim=-1)


class PlainDiT:
    """The student of a configuration over ``weights`` by name; ``call`` is how each block is called."""

    def __init__(self, config: DiTConfig, weights: Mapping[str, Tensor], call: Caller = directly) -> None:
        self.config, self.weights, self.call = config, weights, call

    def linear(self, name: str, x: Tensor) -> Tensor:
        return F.linear(x, self.weights[f"{name}.weight"], self.weights.get(f"{name}.bias"))

    def mlp(self, name: str, x: Tensor) -> Tensor:
        return self.linear(f"{name}.2", F.silu(self.linear(f"{name}.0", x)))

    def norm(self, name: str, x: Tensor) -> Tensor:
        gamma = self.weights.get(f"{name}.gamma")  # without gamma this norm is not part of the network
        return x if gamma is None else F.layer_norm(x, gamma.shape, gamma)

    def conv(self, name: str, x: Tensor) -> Tensor:
        return F.conv1d(x, self.weights[f"{name}.weight"])

    def fourier(self, v: Tensor) -> Tensor:
        angle = 2 * math.pi * v[:, None] * self.weights["timestep_features.weight"][:, 0]
        return torch.cat([angle.cos(), angle.sin()], dim=-1)

    def level(self, c_noise_t: Tensor, c_noise_s: Tensor, omega: Tensor) -> Tensor:
        """Embedded noise levels and guidance, ``[B, width]``."""
        sinusoid = omega_sinusoid(omega, self.config.width)
        start, end = self.fourier(c_noise_t), self.fourier(c_noise_s)
        embedded = self.mlp("to_timestep_embed", start)
        if self.config.jump_embedding == "shared":
            return embedded + self.mlp("to_timestep_embed", end) + sinusoid
        return embedded + self.mlp("to_jump_embed", end) + self.mlp("to_omega_embed", sinusoid)

    def pooled(self, context: Tensor, mask: Tensor | None) -> Tensor:
        """The mean of the real text tokens, embedded: ``[B, width]``."""
        real = torch.ones_like(context[..., :1]) if mask is None else mask[..., None].to(context.dtype)
        return self.linear("to_pooled", (context * real).sum(1) / real.sum(1))

    def heads(self, x: Tensor, parts: int, heads: int) -> tuple[Tensor, ...]:
        """``[B, N, parts * heads * D]`` as so many ``[B, heads, N, D]``."""
        return x.unflatten(-1, (parts, heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)

    def self_attention(self, name: str, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q, k, v = self.heads(self.linear(f"{name}.to_qkv", x), 3, self.config.heads)
        q, k = turn(self.norm(f"{name}.q_norm", q), cos, sin), turn(self.norm(f"{name}.k_norm", k), cos, sin)
        return self.linear(f"{name}.to_out", F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))

    def keys_values(self, name: str, context: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values ``[B, heads, N, head_dim]`` of a text, each head repeated for the queries that it serves."""
        k, v = self.heads(self.linear(f"{name}.to_kv", context), 2, self.config.cross_heads)
        repeats = self.config.heads // self.config.cross_heads
        k = self.norm(f"{name}.k_norm", k)
        return k.repeat_interleave(repeats, dim=1), v.repeat_interleave(repeats, dim=1)

    def cross_attention(self, name: str, x: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        (q,) = self.heads(self.linear(f"{name}.to_q", x), 1, self.config.heads)
        seen = None if mask is None else mask[:, None, None]
        out = F.scaled_dot_product_attention(self.norm(f"{name}.q_norm", q), k, v, attn_mask=seen)
        return self.linear(f"{name}.to_out", out.transpose(1, 2).flatten(2))

    def read(self, name: str, h: Tensor, context: Tensor, mask: Tensor | None) -> Tensor:
        """What a block's cross-attention adds: keys and values are computed on the spot."""
        normed = self.norm(f"{name}.cross_attend_norm", h)
        return self.cross_attention(
            f"{name}.cross_attn", normed, *self.keys_values(f"{name}.cross_attn", context), mask
        )

    def feed_forward(self, name: str, x: Tensor) -> Tensor:
        value, gate = self.linear(f"{name}.proj", x).chunk(2, dim=-1)
        return self.linear(f"{name}.out", value * F.silu(gate))

    def block(
        self, name: str, h: Tensor, context: Tensor, mask: Tensor | None, cos: Tensor, sin: Tensor, mod: Tensor | None
    ) -> Tensor:
        """Self-attention, cross-attention, feed-forward; ``mod [B, 6, width]`` where levels modulate."""
        if mod is None:
            h = h + self.self_attention(f"{name}.self_attn", self.norm(f"{name}.pre_norm", h), cos, sin)
            h = h + self.read(name, h, context, mask)
            return h + self.feed_forward(f"{name}.ff", self.norm(f"{name}.ff_norm", h))
        shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = (
            (mod + self.weights[f"{name}.table"]).unsqueeze(2).unbind(1)
        )
        normed = self.norm(f"{name}.pre_norm", h) * (1 + scale_a) + shift_a
        h = h + gate_a * self.self_attention(f"{name}.self_attn", normed, cos, sin)
        h = h + self.read(name, h, context, mask)
        return h + gate_f * self.feed_forward(f"{name}.ff", self.norm(f"{name}.ff_norm", h) * (1 + scale_f) + shift_f)

    def tokens(self, x: Tensor) -> Tensor:
        """Latents ``[B, C, T]`` as tokens ``[B, ceil(T / patch), width]``."""
        x = x + self.conv("preprocess_conv", x)
        x = F.pad(x, (0, -x.shape[-1] % self.config.patch))
        h = self.linear("project_in", x.unflatten(-1, (-1, self.config.patch)).permute(0, 2, 1, 3).flatten(2))
        if self.config.place_features:
            h = h + self.linear("to_place", places(h.shape[1], self.config.place_features, h.device))
        return h

    def latents(self, h: Tensor, frames: int) -> Tensor:
        y = self.linear("project_out", h).unflatten(-1, (self.config.channels, -1)).permute(0, 2, 1, 3).flatten(2)
        y = y[..., :frames]
        return y + self.conv("postprocess_conv", y)

    def run(self, x: Tensor, level: Tensor, context: Tensor, mask: Tensor | None) -> Tensor:
        """From scaled latents, level and embedded text to the raw output."""
        h, mod = self.tokens(x), None
        if self.config.time_conditioning == "token":
            h = torch.cat([level[:, None], h], dim=1)
        else:
            mod = self.linear("modulate", F.silu(level)).unflatten(-1, (6, -1))
        angle = torch.arange(h.shape[1], device=h.device)[:, None] * self.weights["rotary.inv_freq"]
        cos, sin = angle.cos().repeat(1, 2), angle.sin().repeat(1, 2)
        for i in range(self.config.depth):
            h = self.call(self.block, f"blocks.{i}", h, context, mask, cos, sin, mod)
        if mod is None:
            return self.latents(h[:, 1:], x.shape[-1])
        shift, scale = self.linear("modulate_out", F.silu(level)).unflatten(-1, (2, 1, -1)).unbind(1)
        return self.latents(self.norm("out_norm", h) * (1 + scale) + shift, x.shape[-1])

    def __call__(
        self, x: Tensor, c_noise_t: Tensor, c_noise_s: Tensor, omega: Tensor, text: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """Raw output ``[B, C, T]`` for scaled latents ``x [B, C, T]``, levels and omega ``[B]`` and encoded text
        ``[B, N, context_dim]`` with its mask ``[B, N]`` (None: all tokens are real)."""
        context = self.mlp("to_cond_embed", text)
        level = self.level(c_noise_t, c_noise_s, omega)
        if self.config.pooled_context:
            level = level + self.pooled(context, mask)
        return self.run(x, level, context, mask)
