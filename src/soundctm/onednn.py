"""Float32 products by oneDNN instead of the BLAS of PyTorch: the same weights, the same precision, another kernel.

PyTorch hands float32 matrix products on x86 to MKL, which uses half of the vector width of some processors that are not
Intel's; oneDNN uses what is there. The two differ by rounding alone, and a row of the result does not depend on how
many rows there are. The operator is one that PyTorch's own compiler uses; it knows no gradients, autocast or tracing.
"""

import torch
from torch import Tensor


def available() -> bool:
    """Whether this installation has the kernels."""
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def product(x: Tensor, weight: Tensor, bias: Tensor | None, gelu: bool = False) -> Tensor:
    """``x weight^T + bias`` of ``x [..., in]``, ``weight [out, in]`` and ``bias [out]``, float32 on the CPU, with a
    GELU (tanh form) behind it if asked for."""
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "gelu" if gelu else "none", [], "tanh")
    return out
