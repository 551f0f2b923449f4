"""A GPU as far as a machine without one goes."""

import sys
from pathlib import Path

import pytest
import torch

from soundctm.engines import compiled, eager
from soundctm.engines.artefacts import FOLDER
from soundctm.engines.programs import Programs


@pytest.fixture
def fresh_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for compiled code, empty."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    return tmp_path


@pytest.fixture
def gpu(fresh_folder: Path, monkeypatch: pytest.MonkeyPatch) -> torch.device:
    """A GPU by name: it passes for one that has every precision, with Triton and a C compiler beside it. What is built
    for it computes on the CPU; programs are made by the compiler's first half, and not replayed as graphs."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")
    monkeypatch.setattr(compiled, "find_spec", lambda name: name)
    monkeypatch.setenv("CC", sys.executable)
    monkeypatch.setattr(eager, "need_tf32", lambda device: None)
    monkeypatch.setattr(eager, "need_bfloat16", lambda device: None)

    def here(name: str, graphs: bool, **options: object) -> Programs:
        assert graphs
        return Programs(name, backend="aot_eager", **options)  # type: ignore[arg-type]

    monkeypatch.setattr(compiled, "Programs", here)
    return torch.device("cuda")
