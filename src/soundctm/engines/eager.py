"""The networks layer by layer, in the precision asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, ParamSpec, TypeVar

import torch
from torch import nn

from soundctm.autoencoder import GaussianDAC
from soundctm.backbones import DiT
from soundctm.backbones.dit import Block
from soundctm.backbones.layers import CrossAttention
from soundctm.engines.abilities import multiplies_bfloat16, need_bfloat16, need_int8, need_tf32
from soundctm.engines.direct import directed
from soundctm.engines.halved import half_decoder, halves
from soundctm.engines.options import Precision
from soundctm.engines.quantised import quantised
from soundctm.engines.swap import PROJECTIONS, Network, Swap, redone, swap_, swapped

Inputs = ParamSpec("Inputs")
Result = TypeVar("Result")
Factors = Literal["tf32", "ieee"]
CODEC = ("decode", "decode_part", "encode")  # methods of an autoencoder that multiply
# The layer of a cross-attention that turns a text of one token, as students of the official form read it, into a
# vector: once for a prompt, for all ways to compute, and so in float32.
READER = "to_out"


def build(
    student: DiT, autoencoder: nn.Module, precision: Precision, device: torch.device
) -> tuple[nn.Module, nn.Module]:
    """Student and autoencoder in a precision. What is not converted is shared with those given, which stay as they are.

    - "float32": the parts themselves. On NVIDIA GPUs, convolutions do not round to TF32, as they do by PyTorch's
      default.
    - "tf32": float32 whose products and convolutions round their factors to 11 bits. NVIDIA GPUs only.
    - "bfloat16": the big layers of the student and the convolutions of a DAC decoder
      (:mod:`soundctm.engines.halved`).
    - "int8": the big layers of the student in 8-bit integers (:mod:`soundctm.engines.quantised`); a DAC decoder as in
      bfloat16 where the CPU multiplies that, else in float32. CPUs only.

    The spectral autoencoder is float32 in every precision: its products are a third of its time, so that bfloat16 gains
    less than a tenth, and its sinusoids follow the peaks of the spectrum, which jump where rounding moves a peak.

    Raises :class:`soundctm.errors.UserError` where the device cannot, or only more slowly.
    """
    return settled(*converted(student, autoencoder, precision, device), precision, device)


def converted(
    student: DiT, autoencoder: nn.Module, precision: Precision, device: torch.device
) -> tuple[DiT, nn.Module]:
    """The same but for settings, which a compiler does not look into: :func:`settled` is put around what it made."""
    if precision == "tf32":
        need_tf32(device)
    if precision in ("float32", "tf32"):
        return student, autoencoder
    return swapped(student, _swap(student, precision, device)), _decoder(autoencoder, precision, device)


def settled(
    student: nn.Module, autoencoder: nn.Module, precision: Precision, device: torch.device
) -> tuple[nn.Module, nn.Module]:
    """Networks that set on NVIDIA GPUs to what their float32 factors are rounded, in what multiplies; those given
    elsewhere."""
    if device.type != "cuda":
        return student, autoencoder
    kind: Factors = "tf32" if precision == "tf32" else "ieee"
    return rounded(student, kind, "core"), rounded(autoencoder, kind, *CODEC)


def convert_(module: Network, precision: Precision, device: torch.device) -> Network:
    """A student, or one of its blocks, brought to "bfloat16" or "int8" in place, layer by layer, for models that do not
    fit into memory twice. :func:`build` then leaves it as it is. It has no float32 weights to go back to.

    Raises ValueError for a precision that needs no conversion, :class:`soundctm.errors.UserError` as :func:`build`.
    """
    return swap_(module, _swap(module, precision, device))


def _swap(module: nn.Module, precision: Precision, device: torch.device) -> Swap:
    """What replaces the layers of a student, or of one of its blocks."""
    if precision == "bfloat16":
        need_bfloat16(device)
        big = halves(narrow=device.type == "cuda")
    elif precision == "int8":
        need_int8(device)
        big = quantised
    else:
        raise ValueError(f"{precision} needs no conversion of weights; accepted are bfloat16 and int8")
    official = all(block.table is None for block in module.modules() if isinstance(block, Block))

    def swap(name: str, layer: nn.Module) -> nn.Module:
        if official and isinstance(layer, CrossAttention):
            return swapped(layer, lambda name, inner: inner if name == READER else big(name, inner))
        return directed(name, layer, PROJECTIONS) if name in PROJECTIONS else big(name, layer)

    return swap


def _decoder(autoencoder: nn.Module, precision: Precision, device: torch.device) -> nn.Module:
    if isinstance(autoencoder, GaussianDAC) and (precision == "bfloat16" or multiplies_bfloat16(device)):
        return half_decoder(autoencoder, narrow=device.type == "cuda")
    return autoencoder


@contextmanager
def factors(kind: Factors) -> Iterator[None]:
    """Products and convolutions of CUDA with the factors rounded to TF32 ("tf32") or not at all ("ieee") meanwhile. The
    setting is that of the process: what other threads compute at this moment has it too."""
    matmul, convolution = torch.backends.cuda.matmul, torch.backends.cudnn.conv  # type: ignore[attr-defined]
    before = matmul.fp32_precision, convolution.fp32_precision
    matmul.fp32_precision = convolution.fp32_precision = kind
    try:
        yield
    finally:
        matmul.fp32_precision, convolution.fp32_precision = before


def unrounded(function: Callable[Inputs, Result], device: torch.device) -> Callable[Inputs, Result]:
    """A function that rounds no factors on a device, wherever in it they are multiplied: on the way back along
    gradients too, where no method of a network is called."""
    return factors("ieee")(function) if device.type == "cuda" else function


def rounded(network: Network, kind: Factors, *names: str) -> Network:
    """A network that does the named methods, those that it has, with :func:`factors` of a kind."""
    return redone(network, **{name: factors(kind)(getattr(network, name)) for name in names if hasattr(network, name)})
