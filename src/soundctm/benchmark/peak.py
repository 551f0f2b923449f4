"""What the machine can do at best: the rate of one large matrix product."""

import time
from typing import Any

import torch

from soundctm.benchmark.clock import synchronise
from soundctm.engines.eager import factors
from soundctm.onednn import AVAILABLE, product

LEAST = 0.1  # seconds of measurement
ONCE = 0.01  # seconds that one product lasts at least, so that starting it does not count
LARGEST = 8192


def _product(size: int, precision: str, device: torch.device) -> Any:
    """A call that multiplies two square matrices by what the networks are multiplied by: a slower product would give a
    floor that they go below."""
    a, b = torch.randn(size, size, device=device), torch.randn(size, size, device=device)
    if precision == "int8":
        a8, b8 = (100 * a).clamp(-127, 127).to(torch.int8), (100 * b).clamp(-127, 127).to(torch.int8)
        return lambda: torch._int_mm(a8, b8)
    if precision == "bfloat16":
        a, b = a.bfloat16(), b.bfloat16()
    elif device.type == "cpu" and AVAILABLE:
        return lambda: product(a, b, None)
    out = torch.empty_like(a)
    return lambda: torch.mm(a, b, out=out)


def _time(call: Any, device: torch.device) -> float:
    synchronise(device)
    start = time.perf_counter()
    call()
    synchronise(device)
    return time.perf_counter() - start


@torch.no_grad()
def measure_peak(precision: str, device: torch.device) -> float:
    """Operations per second, the best of the products of some tenths of a second; two for each multiply and add.

    ``precision`` float32, tf32 (the same where the device has none), bfloat16 or int8.
    """
    with factors("tf32" if precision == "tf32" else "ieee"):
        size = 512
        call = _product(size, precision, device)
        _time(call, device)  # libraries choose a kernel at the first call
        while (best := _time(call, device)) < ONCE and size < LARGEST:
            size *= 2
            call = _product(size, precision, device)
            _time(call, device)
        spent = 0.0
        while spent < LEAST:
            once = _time(call, device)
            best, spent = min(best, once), spent + once
    return float(2 * size**3 / best)
