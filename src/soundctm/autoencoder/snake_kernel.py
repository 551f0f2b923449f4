"""Snake in one pass over memory: a Triton kernel. Import it only where Triton is installed.

Under ``TRITON_INTERPRET=1`` the kernel runs on the CPU, number by number; its tests use that.
"""
# mypy: disable-error-code="import-not-found, import-untyped, no-untyped-def, var-annotated, arg-type"
# Triton is not installed everywhere, and its language is Python by its looks only.

import torch
import triton
import triton.language as tl
from torch import Tensor

from soundctm.autoencoder.snake import FLOOR

BLOCK = 1024


@triton.jit
def _kernel(x_at, alpha_at, y_at, count, inner, channels: tl.constexpr, FLOOR: tl.constexpr, BLOCK: tl.constexpr):
    """Numbers ``[first, first + BLOCK)`` of the memory. A channel holds ``inner`` numbers in a row."""
    first = tl.program_id(0).to(tl.int64) * BLOCK
    # The 64-bit division is done once per program; what is left for each number fits into 32 bits.
    start, along = (first // inner) % channels, (first % inner).to(tl.int32)
    step = tl.arange(0, BLOCK)
    channel = (start.to(tl.int32) + (along + step) // inner) % channels
    mask = first + step < count
    x = tl.load(x_at + first + step, mask=mask, other=0.0)
    alpha = tl.load(alpha_at + channel, mask=mask, other=1.0).to(tl.float32)
    wide = x.to(tl.float32)
    wave = tl.sin(alpha * wide)
    tl.store(y_at + first + step, (wide + wave * wave / (alpha + FLOOR)).to(x.dtype), mask=mask)


def snake_fused(x: Tensor, alpha: Tensor) -> Tensor:
    """:func:`~soundctm.autoencoder.snake.snake` without gradients, of ``x [B, C, ...]`` in float32, bfloat16 or float16
    and ``alpha [C]``. Memory in the order of the shape or channels last is read as it lies; other layouts are copied.
    """
    channels = x.shape[1]
    if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):
        inner = 1
    else:
        x = x.contiguous()
        inner = x[0, 0].numel()
    y = torch.empty_like(x)
    count = x.numel()
    with torch.cuda.device_of(x):
        _kernel[(triton.cdiv(count, BLOCK),)](x, alpha, y, count, inner, channels, FLOOR, BLOCK)
    return y
