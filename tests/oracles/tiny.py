"""Tiny transformers with random weights everywhere, so that no branch is silent."""

from typing import Any, Literal

import torch

from soundctm.backbones import DiT, DiTConfig
from soundctm.conditioning import Conditioning

SIZES: dict[str, Any] = {"channels": 3, "width": 32, "depth": 2, "heads": 4, "context_dim": 16, "rope_dims": 4}
MINI: dict[str, Any] = {
    "patch": 4,
    "qk_norm": True,
    "time_conditioning": "adaln",
    "jump_embedding": "separate",
    "pooled_context": True,
    "kv_heads": 4,
}


def fresh_dit(role: Literal["teacher", "student"], **options: Any) -> DiT:
    """As it is built, before any training."""
    torch.manual_seed(0)
    return DiT(DiTConfig(role=role, **{**SIZES, **options})).eval()


def tiny_dit(role: Literal["teacher", "student"], seed: int = 0, **options: Any) -> DiT:
    """With every parameter drawn at random."""
    model = fresh_dit(role, **options)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.15)
    return model.requires_grad_(False)


def random_text(batch: int, tokens: int, seed: int = 1, real: list[int] | None = None) -> Conditioning:
    """Random tokens; ``real`` says how many of each item's are no padding."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.tensor([tokens] * batch if real is None else real)
    return Conditioning(
        torch.randn(batch, tokens, SIZES["context_dim"], generator=generator),
        torch.arange(tokens)[None] < lengths[:, None],
    )


def random_latents(batch: int, frames: int, seed: int = 2) -> torch.Tensor:
    return torch.randn(batch, SIZES["channels"], frames, generator=torch.Generator().manual_seed(seed))
