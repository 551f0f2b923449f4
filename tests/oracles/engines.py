"""What a core is asked for, in batches and one by one, and how far off an answer is."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from soundctm.backbones import DiT
from soundctm.backbones.text import TextMemory
from soundctm.engines.abilities import multiplies_bfloat16, multiplies_int8
from tests.oracles.tiny import random_latents, random_text

CPU = torch.device("cpu")
needs_bfloat16 = pytest.mark.skipif(not multiplies_bfloat16(CPU), reason="this CPU does not multiply bfloat16")
needs_int8 = pytest.mark.skipif(not multiplies_int8(CPU), reason="this CPU does not multiply 8-bit integers")
CONVERTED = (pytest.param("bfloat16", marks=needs_bfloat16), pytest.param("int8", marks=needs_int8))


class Ask(NamedTuple):
    """What a core takes."""

    x: Tensor
    level: Tensor
    text: TextMemory

    def one(self, index: int) -> "Ask":
        """One item alone, in memory of its own."""

        def cut(value: Tensor | None, dim: int) -> Tensor | None:
            return None if value is None else value.narrow(dim, index, 1).clone()

        text = self.text
        memory = TextMemory(
            cut(text.keys, 1), cut(text.values, 1), cut(text.mask, 0), cut(text.constants, 1), cut(text.pooled, 0)
        )
        return Ask(self.x[[index]], self.level[[index]], memory)


def ask(student: DiT, batch: int = 3, frames: int = 24, tokens: int = 5) -> Ask:
    """Takes of other noise, loudness, levels and texts each; several tokens make texts of several lengths."""
    text = student.prepare(random_text(batch, tokens, real=[max(1, tokens - i) for i in range(batch)])).memory
    t, s, omega = torch.linspace(-0.5, 1, batch), torch.linspace(-1, 0, batch), torch.linspace(1, 5, batch)
    loudness = torch.linspace(0.5, 2, batch)[:, None, None]
    return Ask(loudness * random_latents(batch, frames), student.embed(t, s, omega, text.pooled), text)


def fp32_settings() -> tuple[str, str]:
    """To what products and convolutions of NVIDIA GPUs round their float32 factors at this moment."""
    return torch.backends.cuda.matmul.fp32_precision, torch.backends.cudnn.conv.fp32_precision  # type: ignore[attr-defined]


def relative(found: Tensor, expected: Tensor) -> float:
    """Size of the difference, over the size of what was expected."""
    return float((found - expected).norm() / expected.norm())


def held(module: nn.Module) -> int:
    """Bytes of all weights and buffers."""
    values = {value.data_ptr(): value for value in (*module.parameters(), *module.buffers())}
    return sum(value.numel() * value.element_size() for value in values.values())
