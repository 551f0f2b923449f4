"""Facts about the machine that runs these tests."""

import os
from pathlib import Path

import pytest

from soundctm.doctor.host import INSTRUCTIONS, THREADING, describe_host, devices, left_in_container, memory_of


def test_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    host = describe_host()
    assert host.machine.cores >= 1 and host.torch_uses
    assert host.instructions is None or set(host.instructions) <= set(INSTRUCTIONS)
    assert host.threading == {name: os.environ.get(name) for name in THREADING}
    assert host.threading["OMP_WAIT_POLICY"] == "PASSIVE"
    assert [gpu.device for gpu in host.gpus] == list(devices()[1:]) and devices()[0] == "cpu"


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="this system does not say how much memory is free")
def test_free_memory_is_a_part_of_all() -> None:
    free, total = memory_of("cpu"), describe_host().machine.memory
    assert free is not None and total is not None and 0 < free < total


def test_a_container_leaves_what_its_limit_leaves(tmp_path: Path) -> None:
    assert left_in_container(tmp_path) is None
    (tmp_path / "memory.current").write_text("600\n")
    (tmp_path / "memory.stat").write_text("anon 350\ninactive_file 150\nactive_file 100\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert left_in_container(tmp_path) is None
    (tmp_path / "memory.max").write_text("1000\n")
    assert left_in_container(tmp_path) == 550
