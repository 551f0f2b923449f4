"""The layers of the transformer block, in the form of the official checkpoints."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundctm.backbones.embeddings import rotate
from soundctm.backbones.text import Constant, Context, Heads, LayerText
from soundctm.onednn import linear

Rotation = tuple[Tensor, Tensor]


class Norm(nn.Module):
    """LayerNorm without bias; the gain is called ``gamma``."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.gamma.shape, self.gamma)


class SelfAttention(nn.Module):
    """Multi-head self-attention with rotary positions; with ``qk_norm`` queries and keys are normalised per head."""

    def __init__(self, width: int, heads: int, qk_norm: bool) -> None:
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(width, 3 * width, bias=False)
        self.to_out = nn.Linear(width, width, bias=False)
        self.q_norm = Norm(width // heads) if qk_norm else nn.Identity()
        self.k_norm = Norm(width // heads) if qk_norm else nn.Identity()

    def forward(self, x: Tensor, rotation: Rotation) -> Tensor:
        q, k, v = linear(self.to_qkv, x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q, k = rotate(self.q_norm(q), rotation), rotate(self.k_norm(k), rotation)
        out = F.scaled_dot_product_attention(q, k, v)
        return linear(self.to_out, out.transpose(1, 2).flatten(2))


class CrossAttention(nn.Module):
    """Attention of ``x [B, L, width]`` to text tokens ``[B, N, context_dim]`` with ``kv_heads`` key and value heads,
    each serving ``heads / kv_heads`` neighbouring query heads."""

    def __init__(self, width: int, heads: int, context_dim: int, kv_heads: int, qk_norm: bool) -> None:
        super().__init__()
        self.heads, self.kv_heads = heads, kv_heads
        self.head_dim = width // heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_kv = nn.Linear(context_dim, 2 * kv_heads * self.head_dim, bias=False)
        self.to_out = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.to_out.weight)  # text starts without influence, so the residual stream starts undisturbed
        self.q_norm = Norm(self.head_dim) if qk_norm else nn.Identity()
        self.k_norm = Norm(self.head_dim) if qk_norm else nn.Identity()

    def read(self, context: Context) -> Heads:
        """Keys and values of a context, which every query meets."""
        k, v = self.to_kv(context.tokens).unflatten(-1, (2, self.kv_heads, -1)).permute(2, 0, 3, 1, 4)
        k = self.k_norm(k)
        if self.kv_heads != self.heads:
            k, v = (y.repeat_interleave(self.heads // self.kv_heads, dim=1) for y in (k, v))
        return Heads(k, v, context.mask)

    def remember(self, context: Context) -> Heads | Constant:
        """What does not change while the text stays. The softmax over one token is 1, whatever the query: the layer
        then adds one vector to all tokens."""
        heads = self.read(context)
        if heads.mask is None and heads.values.shape[2] == 1:
            return Constant(self.to_out(heads.values.transpose(1, 2).flatten(2)))
        return heads

    def forward(self, x: Tensor, text: LayerText) -> Tensor:
        if isinstance(text, Constant):
            return text.value
        k, v, mask = self.read(text) if isinstance(text, Context) else text
        q = self.q_norm(linear(self.to_q, x).unflatten(-1, (self.heads, -1)).transpose(1, 2))
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask[:, None, None])
        return linear(self.to_out, out.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """SwiGLU: ``value * silu(gate)`` between two linear layers."""

    def __init__(self, width: int, mult: int, bias: bool) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * mult * width, bias=bias)
        self.out = nn.Linear(mult * width, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = linear(self.proj, x).chunk(2, dim=-1)
        return linear(self.out, value * F.silu(gate))
