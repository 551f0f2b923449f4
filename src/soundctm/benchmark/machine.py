"""The machine that measures, and whether it has other things to do."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from soundctm.benchmark.results import Machine
from soundctm.engines.threads import physical_cores

PACKAGES = ("soundctm", "torch", "numpy", "transformers", "tokenizers", "onnxruntime", "triton")
BUSY = 0.25  # share of the cores that others may keep busy before times are not to be trusted


def describe(device: torch.device) -> Machine:
    """Facts about this machine as it is now."""
    return Machine(
        platform=platform.platform(), cpu=cpu_name(), cores=physical_cores(), threads=torch.get_num_threads(),
        memory=total_memory(), device=str(device), device_name=device_name(device), load=load_average(),
        versions=versions(),
    )  # fmt: skip


def versions() -> dict[str, str]:
    """Of what matters for speed, where it is installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    if torch.version.cuda is not None:
        found["cuda"] = torch.version.cuda
    return found


def cpu_name() -> str:
    """As the machine calls it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith(("model name", "Model")):
                return line.split(":", 1)[1].strip()
    if sys.platform == "darwin":
        asked = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True)
        return asked.stdout.strip() or platform.machine()
    return platform.processor() or platform.machine()


def total_memory() -> int | None:
    """Bytes of host memory, where the system says so."""
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def device_name(device: torch.device) -> str:
    """The name of a GPU, or of the processor."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()


def load_average() -> float | None:
    """Threads that ran or waited for a core, on average over the last minute; None where the system keeps no count."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def warnings_of(machine: Machine) -> tuple[str, ...]:
    """What speaks against taking the times at face value: that others kept more than a quarter of the cores busy."""
    if machine.load is None or machine.load <= BUSY * machine.cores:
        return ()
    cores = f"{machine.cores} core{'s' if machine.cores > 1 else ''}"
    return (
        f"other programs are at work: in the minute before, they kept about {machine.load:.1f} of {cores} busy (the "
        f"load average; up to {BUSY:.0%} of the cores pass), so times are longer than on a quiet machine, and only the "
        "ratios count",
    )
