"""A whole examination: what is in memory when memory is measured."""

import weakref
from pathlib import Path
from typing import Any

import pytest

from soundctm import SoundCTM, UserError
from soundctm.doctor import run
from soundctm.doctor.settings import Settings


def test_no_model_is_in_memory_while_processes_of_their_own_measure_it(
    golden_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each process is told how much memory is free, which must not be what this one still holds."""
    loaded: list[weakref.ref[SoundCTM]] = []
    students: list[weakref.ref[Any]] = []
    alive: list[int] = []
    load = run.load

    def watched(name: str, device: str) -> SoundCTM:
        model = load(name, device)
        loaded.append(weakref.ref(model))
        students.append(weakref.ref(model.student))
        return model

    def measured(*given: object) -> None:
        alive.append(sum(model() is not None for model in (*loaded, *students)))
        raise UserError("that is enough")

    monkeypatch.setattr(run, "load", watched)
    monkeypatch.setattr(run, "measure_fit", measured)
    found = run.examine(Settings(model=str(golden_folder), device="cpu", engine="eager", precision="float32"))
    assert [row.words for row in found.rows] == ["that is enough"]
    assert len(loaded) == 1 and alive == [0]
