"""What speaks against the figures, and what to change on this machine."""

from collections.abc import Sequence

from soundctm.benchmark.machine import warnings_of
from soundctm.doctor.advice import title
from soundctm.doctor.results import Host, References, Row

SWAPPED = 2**28  # bytes on disk that a machine may have put there long ago
LITTLE = 2**30  # bytes of free memory that loading a model takes at least


def warnings(host: Host, rows: Sequence[Row], references: References) -> tuple[str, ...]:
    """What to know before the figures are trusted, and what to change."""
    found = [] if references.state == "good" else [references.words]
    found += [*warnings_of(host.machine), *_threads(host), *_memory(host)]
    lossy = [row for row in rows if row.precision == "bfloat16" and row.device == "cpu" and row.available]
    if lossy and host.instructions is not None and not {"BF16", "AMX"} & set(host.instructions):
        found.append("this CPU has no bfloat16 instructions, so that bfloat16 is emulated and slow: float32 is better")
    for row in rows:
        if row.bits is not None and not row.bits.batch:
            found.append(
                f"{title(row)}: a take in a batch is not to the last bit what it is alone; ask for one take at a time "
                "where that matters"
            )
    return tuple(found)


def _threads(host: Host) -> list[str]:
    asked, machine = host.threading["OMP_NUM_THREADS"], host.machine
    found = []
    if machine.threads > machine.cores:
        who = f"OMP_NUM_THREADS is {asked}" if asked is not None else f"torch takes {machine.threads} threads"
        found.append(
            f"{who}, but this process has {machine.cores} core{'s' if machine.cores > 1 else ''}: threads take turns "
            f"and wait for one another; set OMP_NUM_THREADS={machine.cores}"
        )
    elif machine.threads < machine.cores:
        found.append(
            f"torch uses {machine.threads} of {machine.cores} cores; set OMP_NUM_THREADS={machine.cores} to use all"
        )
    if warnings_of(machine) and (host.threading["OMP_WAIT_POLICY"] or "").upper() != "PASSIVE":
        found.append(
            "waiting threads spin and take cores from those that work; on a machine that is shared, set "
            "OMP_WAIT_POLICY=PASSIVE and GOMP_SPINCOUNT=0"
        )
    return found


def _memory(host: Host) -> list[str]:
    found = []
    if host.swap_used is not None and host.swap_used > SWAPPED:
        found.append(f"{host.swap_used / 1e9:.1f} GB lie in swap, from where reading is slow: close other programs")
    if host.memory_free is not None and host.memory_free < LITTLE:
        found.append(f"only {host.memory_free / 1e9:.2f} GB of memory are free: close other programs")
    return found
