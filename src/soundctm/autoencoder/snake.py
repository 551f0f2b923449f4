"""Snake, the activation of the paper's autoencoder: ``x + sin^2(alpha x) / alpha``, one ``alpha`` per channel.

One function, three ways to compute it: as written, where gradients are recorded or a compiler looks on; in one buffer,
elsewhere; and in one kernel on CUDA, where Triton works. The first two give the same bits, whatever the layout.
Numbers narrower than float32 are widened first and rounded once, at the end.
"""

import os
import shutil
from functools import cache
from importlib.util import find_spec

import torch
from torch import Tensor, nn

FLOOR = 1e-9  # added to alpha, so that a channel whose alpha is 0 passes through unchanged


def snake(x: Tensor, alpha: Tensor) -> Tensor:
    """``x + sin^2(alpha x) / (alpha + 1e-9)`` of ``x [B, C, ...]`` and ``alpha [C]``, in the dtype of ``x``."""
    wide, a = _widened(x, alpha)
    return (wide + torch.sin(a * wide).square() / (a + FLOOR)).to(x.dtype)


def snake_unrecorded(x: Tensor, alpha: Tensor) -> Tensor:
    """:func:`snake` in one new buffer, for where no gradients are recorded; ``x`` stays as it is."""
    wide, a = _widened(x, alpha)
    return (a * wide).sin_().square_().div_(a + FLOOR).add_(wide).to(x.dtype)


def _widened(x: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    """Both in float32 or wider, ``alpha`` in the shape that meets the channels of ``x``."""
    dtype = torch.promote_types(x.dtype, torch.float32)
    return x.to(dtype), alpha.to(dtype).view(1, -1, *(1,) * (x.dim() - 2))


def has_c_compiler() -> bool:
    """Whether there is the C compiler with which Triton starts its kernels: the one in ``CC``, gcc or clang."""
    return any(map(shutil.which, [os.environ["CC"]] if os.environ.get("CC") else ["gcc", "clang"]))


@cache
def triton_works() -> bool:
    """Whether Triton is there, which PyTorch for CUDA brings on Linux only, and what it starts its kernels with."""
    return find_spec("triton") is not None and has_c_compiler()


def has_kernel(x: Tensor) -> bool:
    """Whether the kernel takes ``x``: on CUDA, where Triton works, and no wider than the kernel computes."""
    return x.is_cuda and x.dtype != torch.float64 and triton_works()


class Snake(nn.Module):
    """``x + sin^2(alpha x) / (alpha + 1e-9)``, one ``alpha`` per channel (Ziyin et al. 2020); ``x [B, C, ...]``."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        alpha = self.alpha.flatten()
        if torch.is_grad_enabled() or torch.compiler.is_compiling():  # a compiler fuses the plain form by itself
            return snake(x, alpha)
        if has_kernel(x):
            from soundctm.autoencoder.snake_kernel import snake_fused

            return snake_fused(x, alpha)
        return snake_unrecorded(x, alpha)
