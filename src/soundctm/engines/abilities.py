"""What a device can multiply, and what to tell those whose device cannot."""

import platform

import torch

from soundctm.errors import UserError

X86 = ("x86_64", "AMD64")


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16; without them it is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    if platform.machine() in X86:
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def multiplies_int8(device: torch.device) -> bool:
    """Whether a device has instructions that sum products of 8-bit integers without a loss: VNNI, on x86 CPUs. Those
    before it round sums to 16 bits on the way."""
    here = device.type == "cpu" and platform.machine() in X86 and torch.backends.mkldnn.is_available()
    return here and bool(torch.cpu._is_vnni_supported())


def need_tf32(device: torch.device) -> None:
    """Raise :class:`UserError` where there is no TF32."""
    if device.type != "cuda" or torch.version.hip or torch.cuda.get_device_capability(device) < (8, 0):
        other = "float32 or bfloat16" if multiplies_bfloat16(device) else "float32"
        raise UserError(
            f"precision is 'tf32', but the device is {device.type}; only NVIDIA GPUs from Ampere on have it, so choose "
            f"{other}"
        )


def need_bfloat16(device: torch.device) -> None:
    """Raise :class:`UserError` where bfloat16 would be slower than float32."""
    if not multiplies_bfloat16(device):
        other = "float32 or int8" if multiplies_int8(device) else "float32"
        raise UserError(
            f"precision is 'bfloat16', but this {device.type} has no instructions for it and would be slower than in "
            f"float32; choose {other}"
        )


def need_int8(device: torch.device) -> None:
    """Raise :class:`UserError` where int8 would be slow or inexact."""
    if not multiplies_int8(device):
        other = "bfloat16 or float32" if multiplies_bfloat16(device) else "float32"
        raise UserError(
            f"precision is 'int8', but this {device.type} has no instructions for it; accepted are x86 CPUs with "
            f"AVX-512 VNNI, so choose {other}"
        )
