"""How many threads compute, in a way that holds where several takes are made at once.

PyTorch counts threads per thread: ``torch.set_num_threads`` speaks for the thread that calls it, and for threads that
compute for the first time later on and never said anything themselves, which take the number set last, by whomever. So
every thread of a server says it, in :func:`threads`. Many takes are done soonest with one thread each; a single one
with as many as there are cores.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from soundctm.errors import UserError

SYSTEM = Path("/sys")


def physical_cores(system: Path = SYSTEM) -> int:
    """Cores that this process may use, 1 or more.

    Those it is bound to, two hardware threads of one core counted once, and no more than the share of time that its
    container is given. ``system`` is where Linux tells; elsewhere, all processors count.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    processors = affinity(0) if affinity else range(os.cpu_count() or 1)
    cores = len({_core(system, processor) for processor in processors})
    return min(cores, _share(system) or cores)


def _core(system: Path, processor: int) -> str:
    """The hardware threads that share a core with this one."""
    try:
        return (system / f"devices/system/cpu/cpu{processor}/topology/thread_siblings_list").read_text().strip()
    except OSError:
        return str(processor)


def _share(system: Path) -> int | None:
    """Whole cores that the container of this process is given, at least 1; None where there is no limit."""
    try:
        quota, period = (system / "fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else max(1, int(quota) // int(period))


def within_share(count: int, system: Path = SYSTEM) -> int:
    """So many threads, or as many as the container of this process is given time for: PyTorch counts the processors of
    the whole machine, and threads beyond the share are stopped in the middle of their work, all of them."""
    return min(count, _share(system) or count)


@contextmanager
def threads(count: int | None = None) -> Iterator[int]:
    """What this thread computes meanwhile uses ``count`` threads, 1 or more (None: one for each physical core).

    Other threads that compute already keep theirs. Raises :class:`UserError` for a count below 1.
    """
    wanted = physical_cores() if count is None else count
    if wanted < 1:
        raise UserError(f"threads is {wanted}; give 1 or more, or leave it out for one for each core")
    before = torch.get_num_threads()
    torch.set_num_threads(wanted)
    try:
        yield wanted
    finally:
        torch.set_num_threads(before)
