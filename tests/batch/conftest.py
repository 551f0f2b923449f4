"""A tiny model, a sheet whose takes fail now and then, and a way to make it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from soundctm.batch.report import Result
from soundctm.model import SoundCTM
from tests.batch.sheets import make


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.fixture
def batch(tiny: SoundCTM, tmp_path: Path) -> Callable[..., list[Result]]:
    """Makes a sheet, given as text, in ``tmp_path / "out"`` or another folder of it."""

    def run(sheet: str, out: str = "out", **defaults: str) -> list[Result]:
        return make(tiny, sheet, tmp_path / out, **defaults)

    return run
