"""The arithmetic of a training step: bf16 products with fp32 weights, or fp32 throughout."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

Precision = Literal["bf16", "fp32"]


@contextmanager
def attention(device: str = "cpu") -> Iterator[None]:
    """Attention as plain products on a CPU; any kernel elsewhere.

    The flash kernel of CPUs is made for long sequences: at the embedded model's 54 tokens its backward pass costs as
    much as every linear layer together. Blocks that are computed again on the way back need this around the backward
    pass too, or they would come out of another kernel.
    """
    with sdpa_kernel([SDPBackend.MATH] if device == "cpu" else list(SDPBackend.__members__.values())):
        yield


@contextmanager
def arithmetic(precision: Precision, device: str = "cpu") -> Iterator[None]:
    """Autocast for a forward pass, with :func:`attention`."""
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"), attention(device):
        yield
