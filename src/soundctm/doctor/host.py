"""This machine: its instructions, its free memory, its GPUs, and how its threads wait."""

import os
import subprocess
import sys
from pathlib import Path

import torch

from soundctm.benchmark.machine import describe
from soundctm.doctor.results import Gpu, Host

# What each is called in lists of features, on x86 and on ARM.
INSTRUCTIONS = {
    "AVX2": {"avx2"}, "AVX-512": {"avx512f"}, "VNNI": {"avx512_vnni", "avx_vnni"}, "I8MM": {"i8mm"},
    "BF16": {"avx512_bf16", "amx_bf16", "bf16"}, "AMX": {"amx_tile"},
}  # fmt: skip
THREADING = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


def describe_host() -> Host:
    """Facts about this machine as it is now."""
    flags = cpu_flags()
    here = None if flags is None else tuple(name for name, known in INSTRUCTIONS.items() if known & flags)
    return Host(
        machine=describe(torch.device("cpu")), instructions=here, torch_uses=torch.backends.cpu.get_cpu_capability(),
        memory_free=free_memory(), swap_used=used_swap(), gpus=gpus(),
        threading={name: os.environ.get(name) for name in THREADING},
    )  # fmt: skip


def cpu_flags() -> set[str] | None:
    """Names of the processor's features; None where the system does not say."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.lower().startswith(("flags", "features"))]
        return set(lines[0].split(":", 1)[1].split()) if lines else None
    if sys.platform == "darwin":
        asked = subprocess.run(["sysctl", "hw.optional"], capture_output=True, text=True)
        pairs = (line.rsplit(":", 1) for line in asked.stdout.splitlines() if ":" in line)
        names = (name.split(".")[-1].lower() for name, value in pairs if value.strip() == "1")
        return {name.removeprefix("feat_").removesuffix("_0") for name in names} or None
    return None


def _meminfo() -> dict[str, int]:
    """Bytes, by the names of Linux; nothing elsewhere."""
    path = Path("/proc/meminfo")
    rows = (line.split() for line in path.read_text().splitlines()) if path.exists() else ()
    return {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows}


def free_memory() -> int | None:
    """Bytes that a new process may take: what the system calls available, or what a container's limit leaves of it."""
    available = _meminfo().get("MemAvailable")
    left = left_in_container(Path("/sys/fs/cgroup"))
    known = [size for size in (available, left) if size is not None]
    return min(known) if known else None


def left_in_container(group: Path) -> int | None:
    """Bytes that the limit of a control group (version 2) leaves, None where it sets none. Files in the cache count as
    free, as they give way."""
    limit, used = group / "memory.max", group / "memory.current"
    if not (limit.is_file() and used.is_file()) or not (most := limit.read_text().strip()).isdigit():
        return None
    stat = (group / "memory.stat").read_text().splitlines()
    cached = sum(int(line.split()[1]) for line in stat if line.startswith("inactive_file "))
    return max(0, int(most) - int(used.read_text()) + cached)


def used_swap() -> int | None:
    """Bytes that lie on disk instead of in memory."""
    memory = _meminfo()
    return memory["SwapTotal"] - memory["SwapFree"] if "SwapTotal" in memory else None


def gpus() -> tuple[Gpu, ...]:
    """Those that torch can use."""
    found = []
    for device in devices():
        if device.startswith("cuda"):
            free, memory = torch.cuda.mem_get_info(device)
            capability = ".".join(map(str, torch.cuda.get_device_capability(device)))
            name = torch.cuda.get_device_name(device)
            found.append(Gpu(device=device, name=name, capability=capability, memory=memory, free=free))
        elif device == "mps":
            most = torch.mps.recommended_max_memory()
            found.append(Gpu(device=device, name="Apple GPU", capability="", memory=most, free=None))
    return tuple(found)


def devices() -> tuple[str, ...]:
    """All that torch can use, the processor first."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    cuda = ("cuda",) if count == 1 else tuple(f"cuda:{i}" for i in range(count))
    return ("cpu", *cuda, *(("mps",) if torch.backends.mps.is_available() else ()))


def memory_of(device: str) -> int | None:
    """Bytes that are free on a device, None where it does not say."""
    if device == "cpu":
        return free_memory()
    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    return int(torch.mps.recommended_max_memory()) if device == "mps" else None
