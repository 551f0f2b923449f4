"""The machine that measures, and whether it has other things to do."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from soundctm.benchmark.results import Machine

PACKAGES = ("soundctm", "torch", "numpy", "transformers", "tokenizers", "onnxruntime", "triton")
BUSY = 0.1  # share of the cores that others may use before figures are not to be trusted
LEAST_BUSY = 0.5  # what a quiet desktop does by itself


def describe(device: torch.device) -> Machine:
    """Facts about this machine as it is now."""
    return Machine(
        platform=platform.platform(), cpu=cpu_name(), cores=cores(), threads=torch.get_num_threads(),
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


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
    """Of the last minute; None where the system keeps none."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def warnings_of(machine: Machine) -> tuple[str, ...]:
    """What speaks against taking the times at face value."""
    if machine.load is None or machine.load <= max(LEAST_BUSY, BUSY * machine.cores):
        return ()
    return (
        f"other programs are at work (load average {machine.load:.1f} on {machine.cores} cores): times are longer than "
        "on a quiet machine, and only the ratios count",
    )
