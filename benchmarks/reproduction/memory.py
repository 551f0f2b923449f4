"""Memory of this process."""

import resource
import sys
from pathlib import Path


def peak_mib() -> float:
    """The most memory that this process had in use at once, in MiB.

    Linux's ``VmHWM`` where there is one: ``ru_maxrss`` also counts what the process was before it ran this program.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
