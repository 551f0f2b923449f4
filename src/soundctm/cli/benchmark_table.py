"""The figures of a benchmark for people."""

from itertools import groupby

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from soundctm.benchmark.results import Fresh, Report, Spread, VariantResult
from soundctm.cli.common import counted

WIDTH = 112  # where output goes to no terminal
COLUMNS = (
    "steps",
    "path",
    "median",
    "quartiles",
    "text",
    "sampler",
    "per step",
    "decoder",
    "rest",
    "gain",
    "over floor",
)


def show(report: Report) -> None:
    """Print what was measured, tables, and what they mean."""
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    for line in _heading(report):
        console.print(line, markup=False)
    for warning in report.warnings:
        console.print(f"Beware: {warning}.", style="yellow", markup=False)
    console.print(_times(report))
    for line in _words(report):
        console.print(line, markup=False)
    if report.fresh:
        console.print(_fresh(report.fresh))
        console.print(
            "Each in a process of its own: until the model is ready, its first take after that, the peak of memory.",
            markup=False,
        )


def milliseconds(seconds: float) -> str:
    """Three digits that count: 0.123, 1.23, 12.3, 123, 1,234."""
    value = 1000 * seconds
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def rate(operations: float) -> str:
    """Operations, or operations per second, with their thousands: 3.57 G, 1.8 T."""
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6)):
        if operations >= size:
            return f"{operations / size:.3g} {unit}"
    return f"{operations:.3g} "


def _heading(report: Report) -> list[str]:
    settings, machine, model = report.settings, report.machine, report.model
    parameters = sum(model.parameters.values()) / 1e6
    place = machine.device if machine.device == "cpu" else f"{machine.device} ({machine.device_name})"
    return [
        f"{model.name}: {parameters:,.1f} M parameters, {model.seconds:.4g} s of sound at {model.sample_rate} Hz, "
        f"{counted(settings.takes, 'take')} at once",
        f"{settings.engine}, {settings.precision} on {place}; {machine.cpu}, {counted(machine.threads, 'thread')} of "
        f"{counted(machine.cores, 'core')}; torch {machine.versions['torch']}",
    ]


def _times(report: Report) -> Table:
    table = Table(title="Prompt to samples, milliseconds", title_justify="left", box=SIMPLE, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "path" else "right", no_wrap=True)
    for steps, group in groupby(report.variants, key=lambda variant: variant.steps):
        variants = list(group)
        for variant in variants:
            table.add_row(str(steps) if variant is variants[0] else "", *_row(variant))
        floor = variants[0].floor
        cells = (floor.text, floor.sampler, floor.per_step, floor.decoder)
        table.add_row("", "floor", milliseconds(floor.total), "", *map(milliseconds, cells), end_section=True)
    return table


def _row(variant: VariantResult) -> list[str]:
    stages = variant.stages
    cells = (stages.text, stages.sampler, stages.per_step, stages.decoder, stages.rest)
    return [
        variant.path, milliseconds(variant.spread.median), quartiles(variant.spread), *map(milliseconds, cells),
        "" if variant.ratio is None else f"{variant.ratio.median:.2f} x", f"{variant.over_floor:.1f} x",
    ]  # fmt: skip


def quartiles(spread: Spread) -> str:
    """``53.0 - 55.9``."""
    return f"{milliseconds(spread.p25)} - {milliseconds(spread.p75)}"


def _words(report: Report) -> list[str]:
    """What the columns mean, and what came out."""
    flops = ", ".join(
        f"{words} {rate(report.flops[part])}FLOP in {report.multiplied[stage]}"
        for words, part, stage in (("text", "text", "text"), ("a step", "step", "sampler"), ("decoder",) * 3)
    )
    peaks = ", ".join(f"{rate(value)}FLOP/s in {name}" for name, value in report.peaks.items())
    source = "as was said" if report.settings.peak is not None else "a large matrix product, in this run"
    lines = [
        f"Warm calls, {report.settings.repeats} of each, in turn, each with a new prompt. The stages are those of the "
        "call with the median time; rest is noise, checks and clipping.",
        f"floor: the counted operations ({flops}) at {peaks} ({source}). over floor: the median over it.",
    ]
    if report.settings.naive:
        lines.append(
            "naive: what the official code does: float32, a doubled batch, text at every step, layers checkpointed, "
            "nothing folded. gain: how many times faster ours is, round by round."
        )
    lines += [_result(variant) for variant in report.variants if variant.path == "ours"]
    return lines


def _result(variant: VariantResult) -> str:
    """The outcome in a sentence."""
    gain = ""
    if variant.ratio is not None and variant.difference is not None:
        gain = (
            f", {variant.ratio.median:.2f} times as fast as naive (quartiles {variant.ratio.p25:.2f} to "
            f"{variant.ratio.p75:.2f}; the sounds differ by {variant.difference:.1e} of their norm)"
        )
    steps = counted(variant.steps, "step")
    return f"In {steps}: {milliseconds(variant.spread.median)} ms, {variant.realtime:,.3g} s of sound a second{gain}."


def _fresh(results: tuple[Fresh, ...]) -> Table:
    table = Table(title="From nothing", title_justify="left", box=SIMPLE, pad_edge=False)
    for name in ("path", "steps", "ready, s", "first take, s", "memory, GB", "on the device, GB"):
        table.add_column(name, justify="left" if name == "path" else "right")
    for result in results:
        memory = ("-" if size is None else f"{size / 1e9:.2f}" for size in (result.memory, result.device_memory))
        table.add_row(result.path, str(result.steps), f"{result.ready:.2f}", f"{result.first:.3f}", *memory)
    return table
