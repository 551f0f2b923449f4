"""The machine, its load and its peak."""

import pytest
import torch

from soundctm.benchmark.machine import describe, warnings_of
from soundctm.benchmark.peak import measure_peak
from soundctm.engines.threads import physical_cores

CPU = torch.device("cpu")


def test_facts() -> None:
    facts = describe(CPU)
    assert facts.cpu and facts.cores == physical_cores() and facts.threads == torch.get_num_threads()
    assert facts.versions["torch"] == torch.__version__ and facts.device == "cpu"


@pytest.mark.parametrize(("load", "cores", "busy"), [
    (None, 4, False), (0.1, 4, False), (0.2, 1, False), (0.6, 4, False), (1.0, 4, False), (3.9, 16, False),
    (0.5, 1, True), (1.1, 4, True), (2.7, 4, True), (4.1, 16, True),
])  # fmt: skip
def test_a_busy_machine_is_said_to_be(load: float | None, cores: int, busy: bool) -> None:
    warnings = warnings_of(describe(CPU).model_copy(update={"load": load, "cores": cores}))
    assert bool(warnings) == busy
    said = f"other programs are at work: in the minute before, they kept about {load} of {cores} core"
    assert all(line.startswith(said) and "only the ratios count" in line for line in warnings)


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16", "int8"])
def test_a_peak_is_measured_for_all_numbers(precision: str) -> None:
    assert measure_peak(precision, CPU) > 1e7
