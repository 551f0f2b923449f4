"""Sizes and variants of a backbone."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt, model_validator


class DiTConfig(BaseModel):
    """Sizes and variants of a backbone; the defaults are those of the official checkpoints.

    ``time_conditioning``: "token" prepends the embedding of the noise levels to the sequence; "adaln" modulates every
    block with it (one shared projection and a learned table per block; Chen et al., PixArt, 2023).
    ``jump_embedding``, of a student: "shared" embeds ``s`` with the weights of ``t`` and adds a fixed sinusoid of
    ``omega``; "separate" gives each its own network, zero at first, so that a student starts as its teacher.
    ``place_features``: cosines and sines that tell each token where in the clip it lies; 0 for none. Attention that is
    rotary alone sees distances between tokens. With the "token" form it finds its place by the distance to the time
    token; the "adaln" form has no such mark, and at high noise all its tokens are alike, so that without these features
    it cannot know which of "A, then B" comes first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["teacher", "student"]
    channels: PositiveInt = 64
    width: PositiveInt = 1536
    depth: PositiveInt = 24
    heads: PositiveInt = 24
    context_dim: PositiveInt = 512
    kv_heads: PositiveInt | None = None
    patch: PositiveInt = 1
    ff_mult: PositiveInt = 4
    qk_norm: bool = False
    time_conditioning: Literal["token", "adaln"] = "token"
    jump_embedding: Literal["shared", "separate"] = "shared"
    pooled_context: bool = False
    fourier_features: PositiveInt = 256
    rope_dims: PositiveInt | None = None
    place_features: NonNegativeInt = 0

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

    def student(self) -> "DiTConfig":
        """The sizes of the student of a teacher of these."""
        return self.model_copy(update={"role": "student"})

    @model_validator(mode="after")
    def _sizes_fit(self) -> "DiTConfig":
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")
        if self.cross_heads < 1 or self.heads % self.cross_heads:
            raise ValueError(f"heads {self.heads} is not a multiple of kv_heads {self.cross_heads}")
        if self.rotated % 2 or self.rotated > self.head_dim:
            raise ValueError(f"rope_dims {self.rotated} must be even and at most the head's {self.head_dim} channels")
        if self.width % 2 or self.width < 4 or self.fourier_features % 2 or self.place_features % 2:
            raise ValueError(
                f"width {self.width} (4 or more), fourier_features {self.fourier_features} and place_features "
                f"{self.place_features} must be even"
            )
        return self
