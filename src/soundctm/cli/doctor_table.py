"""A diagnosis for people."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from soundctm.cli.benchmark_table import WIDTH, milliseconds
from soundctm.doctor.advice import title
from soundctm.doctor.results import Bits, Check, Diagnosis, Fit, Host, Row
from soundctm.doctor.tolerances import TOLERANCES

STYLES = {"pass": "green", "off": "bold red", "failed": "bold red", "unchecked": "yellow"}
NOTHING = "-"  # was measured
KINDS = ("latents", "decoder, octave levels", "decoder, samples")  # how the names of checks begin


def show(diagnosis: Diagnosis) -> None:
    """Print what was found: the machine, what is right, how long it takes, what to use."""
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    console.print(_machine(diagnosis))
    for warning in diagnosis.warnings:
        console.print(f"Beware: {warning}.", style="yellow", markup=False)
    rows = [row for row in diagnosis.rows if row.verdict != "unavailable"]
    console.print(_golden(rows))
    for line in _words(diagnosis, rows):
        console.print(line, markup=False)
    if any(row.times is not None for row in rows):
        console.print(_speed(rows))
        console.print(
            "Warm takes of the model's default length, in milliseconds. First take: from the start of a process, in "
            "seconds. Longest take in seconds, and most at once, that fit into nine tenths of the free memory.",
            markup=False,
        )
    console.print(f"\n{diagnosis.advice}", style="bold", markup=False)


def gigabytes(size: float | None) -> str:
    """``11.2 GB``, or ``?``."""
    return "?" if size is None else f"{size / 1e9:.3g} GB"


def _machine(diagnosis: Diagnosis) -> Table:
    host, model = diagnosis.host, diagnosis.model
    versions = host.machine.versions
    facts = {
        "model": f"{model.name} ({model.hash}), {sum(model.parameters.values()) / 1e6:,.1f} M parameters, "
        f"{model.seconds:.4g} s at {model.sample_rate} Hz",
        "system": f"{host.machine.platform}, Python {versions['python']}",
        "packages": ", ".join(f"{name} {number}" for name, number in versions.items() if name != "python"),
        "processor": f"{host.machine.cpu}, {host.machine.cores} cores; {_instructions(host)}",
        "memory": _free(host.memory_free, host.machine.memory),
        "threads": _threads(host),
        **{gpu.device: f"{gpu.name} {gpu.capability}, {_free(gpu.free, gpu.memory)}" for gpu in host.gpus},
    }
    table = Table(title="This machine", title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    for key, value in facts.items():
        table.add_row(key, escape(value))
    if not host.gpus:
        table.add_row("GPU", "none that torch can use")
    return table


def _free(free: int | None, memory: int | None) -> str:
    return gigabytes(memory) if free is None else f"{gigabytes(free)} free of {gigabytes(memory)}"


def _instructions(host: Host) -> str:
    """Those that matter, and what PyTorch makes of them."""
    there = "" if host.instructions is None else f"{', '.join(host.instructions) or 'no wide instructions'}; "
    return f"{there}PyTorch's own kernels use {host.torch_uses}"


def _threads(host: Host) -> str:
    """How many, and what was set."""
    given = [f"{name}={value}" for name, value in host.threading.items() if value is not None]
    return f"{host.machine.threads} in torch; {' '.join(given) or 'nothing set in the environment'}"


def _golden(rows: Sequence[Row]) -> Table:
    """Every row against its references: the worst error of each kind. Columns without an entry are left out."""
    table = Table(title="\nIs it right?", title_justify="left", box=SIMPLE, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("verdict")
    cells = [[*_errors(row), *_bits(row.bits)] for row in rows]
    names = ("latents", "levels, dB", "samples", "in a batch", "on all cores")
    filled = [i for i in range(len(names)) if any(line[i] != NOTHING for line in cells)]
    for i in filled:
        table.add_column(names[i])
    for row, line in zip(rows, cells, strict=True):
        table.add_row(title(row), f"[{STYLES[row.verdict]}]{row.verdict}[/]", *(line[i] for i in filled))
    return table


def _errors(row: Row) -> list[str]:
    return [_worst([check for check in row.checks if check.name.startswith(kind)]) for kind in KINDS]


def _worst(checks: Sequence[Check]) -> str:
    """``1.6e-06``: the largest error."""
    if not checks:
        return NOTHING
    if any(check.error is None for check in checks):
        return "no number"
    return f"{max(check.error or 0.0 for check in checks):.2g}"


def _bits(bits: Bits | None) -> tuple[str, str]:
    if bits is None:
        return NOTHING, NOTHING
    batch = "same" if bits.rows else "one by one"
    return batch if bits.batch else "differs", {None: NOTHING, True: "same", False: "differs"}[bits.cores]


def _words(diagnosis: Diagnosis, rows: Sequence[Row]) -> Iterable[str]:
    """What the columns mean, what is wrong, and what is not to be had."""
    if any(row.checks for row in rows):
        yield (
            f"The worst distance from {diagnosis.references.words}, in double precision. Of latents and samples as a "
            f"share of their size: at 1, silence would be as near. {_allowed(rows)}"
        )
    if any(row.bits is not None for row in rows):
        yield (
            "In a batch, on all cores: whether a take is to the last bit what it is alone, and what it is on one core. "
            "One by one: batches would round otherwise here, so none are made."
        )
    for words, names in _grouped([row for row in rows if row.words]):
        yield f"{names}: {words}."
    missing = _grouped([row for row in diagnosis.rows if row.verdict == "unavailable"])
    for words, names in missing:
        yield f"Not available here: {names}, because {words}."


def _allowed(rows: Sequence[Row]) -> str:
    """The tolerances of the precisions that were examined."""
    seen = dict.fromkeys(row.precision for row in rows if row.checks)
    each = (f"{name} {TOLERANCES[name].words}" for name in seen)
    return f"Allowed (latents, levels, samples): {'; '.join(each)}."


def _grouped(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """What is said, and of which rows."""
    groups = groupby(sorted(rows, key=lambda row: row.words), key=lambda row: row.words)
    return [(words, ", ".join(title(row) for row in group)) for words, group in groups]


def _speed(rows: Sequence[Row]) -> Table:
    table = Table(title="\nHow long, and how much?", title_justify="left", box=SIMPLE, pad_edge=False)
    table.add_column("", no_wrap=True)
    for name in ("1 step", "16 steps", "first take", "memory, GB", "longest take", "at once"):
        table.add_column(name, justify="right")
    for row in rows:
        if row.times is not None:
            sixteen = ("" if row.times.measured == 16 else "about ") + milliseconds(row.times.sixteen)
            first = NOTHING if row.fresh is None else f"{row.fresh.ready + row.fresh.first:.1f}"
            table.add_row(title(row), milliseconds(row.times.one), sixteen, first, *_fit(row.fit))
    return table


def _fit(fit: Fit | None) -> tuple[str, str, str]:
    if fit is None:
        return NOTHING, NOTHING, NOTHING
    longest = "?" if fit.seconds is None else f"{fit.seconds:.4g}"
    return f"{fit.base / 1e9:.2f}", longest, "?" if fit.takes is None else f"{fit.takes:,}"
