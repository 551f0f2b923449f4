"""Float32 products by oneDNN instead of the BLAS of PyTorch: the same weights, the same precision, another kernel.

PyTorch hands float32 matrix products on x86 to MKL, which uses half of the vector width of some processors that are not
Intel's; oneDNN uses what is there. The two differ by rounding alone, and a row of the result does not depend on how
many rows there are. The operator is one that PyTorch's own compiler uses; it knows no gradients, autocast or tracing.
"""

from typing import TypeGuard

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import forward_ad

# Whether this installation has the kernels. A constant, as compilers do not look into the question.
AVAILABLE = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def product(x: Tensor, weight: Tensor, bias: Tensor | None, gelu: bool = False) -> Tensor:
    """``x weight^T + bias`` of ``x [..., in]``, ``weight [out, in]`` and ``bias [out]``, float32 on the CPU, with a
    GELU (tanh form) behind it if asked for."""
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "gelu" if gelu else "none", [], "tanh")
    return out


def plain(layer: nn.Module) -> TypeGuard[nn.Linear]:
    """Whether a layer is a linear one and nothing besides: no hooks, and no weights that are made anew in every call
    (parametrised layers are of another class)."""
    return type(layer) is nn.Linear and not (layer._forward_hooks or layer._forward_pre_hooks)


def forward_mode() -> bool:
    """Whether tangents are carried along, as ``torch.func.jvp`` does, recorded gradients or not."""
    return forward_ad._current_level >= 0


def takes(layer: nn.Linear, x: Tensor) -> bool:
    """Whether oneDNN runs ``layer`` on ``x``: a :func:`plain` one, float32 on the CPU, and no derivatives of either
    mode, autocast or tracing, which the operator does not know."""
    return (
        AVAILABLE
        and not torch.compiler.is_compiling()
        and plain(layer)
        and not torch.is_grad_enabled()
        and not forward_mode()
        and x.device.type == layer.weight.device.type == "cpu"
        and x.dtype == layer.weight.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
    )


def linear(layer: nn.Linear, x: Tensor, gelu: bool = False) -> Tensor:
    """``layer(x)`` of ``x [..., in]``, with a GELU (tanh form) behind it if asked for, by oneDNN where it can."""
    if takes(layer, x):
        return product(x, layer.weight, layer.bias, gelu)
    y: Tensor = layer(x)
    return F.gelu(y, approximate="tanh") if gelu else y
