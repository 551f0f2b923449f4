"""The diffusion transformer of the paper (after Stable Audio 2), teacher and student in one class."""

from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, model_validator
from torch import Tensor, nn

from soundctm.backbones.embeddings import FourierFeatures, RotaryEmbedding, omega_embedding
from soundctm.backbones.layers import CrossAttention, FeedForward, Norm, Rotation, SelfAttention
from soundctm.conditioning import Conditioning

MODULATIONS = 6  # shift, scale and gate of self-attention and of the feed-forward


class DiTConfig(BaseModel):
    """Sizes and variants of a backbone; the defaults are those of the official checkpoints.

    ``time_conditioning``: "token" prepends the embedding of the noise levels to the sequence; "adaln" modulates every
    block with it (one shared projection and a learned table per block; Chen et al., PixArt, 2023).
    ``jump_embedding``, of a student: "shared" embeds ``s`` with the weights of ``t`` and adds a fixed sinusoid of
    ``omega``; "separate" gives each its own network, zero at first, so that a student starts as its teacher.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["teacher", "student"]
    channels: int = 64
    width: int = 1536
    depth: int = 24
    heads: int = 24
    context_dim: int = 512
    kv_heads: int | None = None
    patch: int = 1
    ff_mult: int = 4
    qk_norm: bool = False
    time_conditioning: Literal["token", "adaln"] = "token"
    jump_embedding: Literal["shared", "separate"] = "shared"
    pooled_context: bool = False
    fourier_features: int = 256
    rope_dims: int | None = None

    @property
    def head_dim(self) -> int:
        return self.width // self.heads

    @property
    def cross_heads(self) -> int:
        """Key and value heads of cross-attention; by default as many as fit into the context."""
        return self.context_dim // self.head_dim if self.kv_heads is None else self.kv_heads

    @property
    def rotated(self) -> int:
        """Channels of a head that carry position."""
        return max(self.head_dim // 2, 32) if self.rope_dims is None else self.rope_dims

    @model_validator(mode="after")
    def _sizes_fit(self) -> "DiTConfig":
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        if self.cross_heads < 1 or self.heads % self.cross_heads:
            raise ValueError(f"heads {self.heads} is not a multiple of kv_heads {self.cross_heads}")
        if self.rotated % 2 or self.rotated > self.head_dim:
            raise ValueError(f"rope_dims {self.rotated} must be even and at most the head's {self.head_dim} channels")
        return self


def _mlp(inside: int, width: int, outside: int, bias: bool) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inside, width, bias=bias), nn.SiLU(), nn.Linear(width, outside, bias=bias))


class Block(nn.Module):
    """Self-attention, cross-attention to the text, feed-forward; each normalised before and added after."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        width = config.width
        self.pre_norm = Norm(width)
        self.self_attn = SelfAttention(width, config.heads, config.qk_norm)
        self.cross_attend_norm = Norm(width)
        self.cross_attn = CrossAttention(width, config.heads, config.context_dim, config.cross_heads, config.qk_norm)
        self.ff_norm = Norm(width)
        self.ff = FeedForward(width, config.ff_mult, bias=True)
        self.table = nn.Parameter(torch.zeros(MODULATIONS, width)) if config.time_conditioning == "adaln" else None

    def forward(
        self, x: Tensor, context: Tensor, mask: Tensor | None, rotation: Rotation, modulation: Tensor | None
    ) -> Tensor:
        if self.table is None or modulation is None:
            x = x + self.self_attn(self.pre_norm(x), rotation)
            x = x + self.cross_attn(self.cross_attend_norm(x), context, mask)
            return x + self.ff(self.ff_norm(x))
        shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = (modulation + self.table).unsqueeze(2).unbind(1)
        x = x + gate_a * self.self_attn(self.pre_norm(x) * (1 + scale_a) + shift_a, rotation)
        x = x + self.cross_attn(self.cross_attend_norm(x), context, mask)
        return x + gate_f * self.ff(self.ff_norm(x) * (1 + scale_f) + shift_f)


class DiT(nn.Module):
    """``F(c_in z, c_noise(t), [c_noise(s), omega,] text)``: latents ``[B, channels, T]`` -> ``[B, channels, T]``.

    ``T`` is free (positions are relative); with ``patch > 1`` neighbouring frames share a token, and a ``T`` that is not
    a multiple is padded with zeros and cropped.
    """

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.config = config
        width, inside = config.width, config.channels * config.patch
        self.timestep_features = FourierFeatures(config.fourier_features)
        self.to_timestep_embed = _mlp(config.fourier_features, width, width, bias=True)
        self.to_cond_embed = _mlp(config.context_dim, config.context_dim, config.context_dim, bias=False)
        self.preprocess_conv = nn.Conv1d(config.channels, config.channels, 1, bias=False)
        self.postprocess_conv = nn.Conv1d(config.channels, config.channels, 1, bias=False)
        self.project_in = nn.Linear(inside, width, bias=False)
        self.project_out = nn.Linear(width, inside, bias=False)
        self.rotary = RotaryEmbedding(config.rotated)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.to_pooled = nn.Linear(config.context_dim, width) if config.pooled_context else None
        self.modulate = nn.Linear(width, MODULATIONS * width) if config.time_conditioning == "adaln" else None
        self.out_norm = Norm(width) if config.time_conditioning == "adaln" else nn.Identity()
        separate = config.role == "student" and config.jump_embedding == "separate"
        self.to_jump_embed = _mlp(config.fourier_features, width, width, bias=True) if separate else None
        self.to_omega_embed = _mlp(width, width, width, bias=True) if separate else None
        self._initialise()

    def _initialise(self) -> None:
        """The network starts as zero, residual branches of modulated blocks closed."""
        nn.init.zeros_(self.preprocess_conv.weight)
        nn.init.zeros_(self.postprocess_conv.weight)
        nn.init.zeros_(self.project_out.weight)
        for block in self.blocks:
            nn.init.zeros_(block.cross_attn.to_out.weight)
        if self.modulate is not None:
            nn.init.zeros_(self.modulate.weight)
            nn.init.zeros_(self.modulate.bias)
        for mlp in (self.to_jump_embed, self.to_omega_embed):
            if mlp is not None:
                nn.init.zeros_(mlp[2].weight)
                nn.init.zeros_(mlp[2].bias)

    @property
    def last_layer(self) -> nn.Parameter:
        """The weight at which the adaptive weight of the DSM loss compares gradients."""
        return self.project_out.weight

    def load_teacher(self, teacher: "DiT") -> None:
        """Take over every weight of a teacher; what only a student has keeps its start."""
        missing, unexpected = self.load_state_dict(teacher.state_dict(), strict=False)
        foreign = [name for name in missing if not name.startswith(("to_jump_embed.", "to_omega_embed."))]
        if foreign or unexpected:
            raise ValueError(f"teacher and student differ in {foreign + unexpected}")

    def embed_levels(self, c_noise_t: Tensor, c_noise_s: Tensor | None, omega: Tensor | None) -> Tensor:
        """The sum ``[B, width]`` of the embeddings of t and, for a student, of s and omega."""
        if (c_noise_s is None) != (self.config.role == "teacher") or (omega is None) != (self.config.role == "teacher"):
            raise ValueError(f"a {self.config.role} takes {'no s and no omega' if omega is not None else 's and omega'}")
        embedded = self.to_timestep_embed(self.timestep_features(c_noise_t))
        if c_noise_s is None or omega is None:
            return embedded
        sinusoid = omega_embedding(omega, self.config.width)
        if self.to_jump_embed is None or self.to_omega_embed is None:
            return embedded + self.to_timestep_embed(self.timestep_features(c_noise_s)) + sinusoid
        return embedded + self.to_jump_embed(self.timestep_features(c_noise_s)) + self.to_omega_embed(sinusoid)

    def _context(self, conditioning: Conditioning) -> tuple[Tensor, Tensor | None]:
        context = self.to_cond_embed(conditioning.tokens)
        return context, None if bool(conditioning.mask.all()) else conditioning.mask

    def _tokens(self, x: Tensor) -> Tensor:
        """Latents ``[B, C, T]`` as tokens ``[B, ceil(T / patch), width]``."""
        x = x + self.preprocess_conv(x)
        x = F.pad(x, (0, -x.shape[-1] % self.config.patch))
        return self.project_in(x.unflatten(-1, (-1, self.config.patch)).permute(0, 2, 1, 3).flatten(2))

    def _run(
        self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning, c_noise_s: Tensor | None, omega: Tensor | None
    ) -> list[Tensor]:
        """The output of every block, its time token included."""
        level = self.embed_levels(c_noise_t, c_noise_s, omega)
        context, mask = self._context(conditioning)
        if self.to_pooled is not None:
            weight = conditioning.mask.to(context.dtype)[..., None]
            level = level + self.to_pooled((context * weight).sum(1) / weight.sum(1))
        h = self._tokens(x)
        modulation = None
        if self.modulate is None:
            h = torch.cat([level[:, None], h], dim=1)
        else:
            modulation = self.modulate(F.silu(level)).unflatten(-1, (MODULATIONS, -1))
        rotation = self.rotary(h.shape[1])
        outputs = []
        for block in self.blocks:
            h = block(h, context, mask, rotation, modulation)
            outputs.append(h)
        return outputs

    def forward_features(
        self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning, *,
        c_noise_s: Tensor | None = None, omega: Tensor | None = None,
    ) -> list[Tensor]:  # fmt: skip
        """The output ``[B, N, width]`` of every block, chained, as Eq. 5 wants them."""
        return self._run(x, c_noise_t, conditioning, c_noise_s, omega)

    def forward(
        self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning, *,
        c_noise_s: Tensor | None = None, omega: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Raw network output for scaled latents ``x [B, channels, T]``; ``c_noise_t``, ``c_noise_s``, ``omega`` are
        ``[B]``. A teacher takes neither s nor omega."""
        h = self._run(x, c_noise_t, conditioning, c_noise_s, omega)[-1]
        h = h[:, 1:] if self.modulate is None else self.out_norm(h)
        y = self.project_out(h).unflatten(-1, (self.config.channels, -1)).permute(0, 2, 1, 3).flatten(2)
        y = y[..., : x.shape[-1]]
        return y + self.postprocess_conv(y)
