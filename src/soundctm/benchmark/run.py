"""A whole benchmark, from settings to a report."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from soundctm.benchmark.fresh import measure_fresh
from soundctm.benchmark.machine import describe, warnings_of
from soundctm.benchmark.measurement import Measurement, Progress, silent
from soundctm.benchmark.peak import measure_peak
from soundctm.benchmark.results import Fresh, Report
from soundctm.benchmark.settings import Settings, check_settings
from soundctm.benchmark.subjects import load
from soundctm.benchmark.summary import describe_model, summarise
from soundctm.checks import check_device
from soundctm.engines.threads import threads


def run(settings: Settings, progress: Progress = silent, command: Sequence[str] = ()) -> Report:
    """Measure. Raises :class:`UserError` for settings that are out of range, before anything is measured.

    Processes of their own go first, one at a time, so that no two models are in memory together.
    """
    check_settings(settings)
    check_device(settings.device)
    with threads(settings.threads or torch.get_num_threads()):
        machine = describe(torch.device(settings.device))
        fresh = _in_processes(settings, progress)
        progress("loading the model", 0.0, 1.0)
        measurement = Measurement(load(settings.model, settings.device), settings, progress)
        measurement.warm_up()
        before = _peaks(measurement)
        measurement.measure()
        after = _peaks(measurement)
    peaks = {name: max(rate, after[name]) for name, rate in before.items()}
    return Report(
        command=without_folders(command), settings=settings, machine=machine, warnings=warnings_of(machine),
        model=describe_model(measurement.model, measurement.seconds), flops=asdict(measurement.flops),
        multiplied=measurement.multiplied, peaks=peaks, fresh=fresh, variants=summarise(measurement, peaks),
    )  # fmt: skip


def without_folders(command: Sequence[str]) -> tuple[str, ...]:
    """The same with the names of files alone: where they lie is nobody else's business."""
    return tuple(Path(word).name if Path(word).is_absolute() else word for word in command)


def _in_processes(settings: Settings, progress: Progress) -> tuple[Fresh, ...]:
    found = []
    for name in settings.paths if settings.fresh else ():
        progress(f"{name}, in a process of its own", 0.0, 1.0)
        found.append(measure_fresh(settings, name))
    return tuple(found)


def _peaks(measurement: Measurement) -> dict[str, float]:
    """Rates of the numbers that are multiplied: what was said, or what is measured now."""
    settings, names = measurement.settings, sorted(set(measurement.multiplied.values()))
    if settings.peak is not None:
        return dict.fromkeys(names, settings.peak)
    return {name: measure_peak(name, torch.device(settings.device)) for name in names}
