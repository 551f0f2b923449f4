"""A tiny model with its references."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from soundctm import SoundCTM
from soundctm.doctor.golden import Golden, compute_golden, read_golden, write_golden
from soundctm.folder import GOLDEN
from tests.oracles.paper import tiny_paper_model


@pytest.fixture(scope="package")
def golden_folder(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with references; tests copy it before they change it."""
    folder = shutil.copytree(tiny_folder, tmp_path_factory.mktemp("golden") / "tiny")
    write_golden(SoundCTM.from_pretrained(folder), folder / GOLDEN)
    return folder


@pytest.fixture
def model(golden_folder: Path) -> SoundCTM:
    """Loaded afresh, to be disturbed at will."""
    return SoundCTM.from_pretrained(golden_folder)


@pytest.fixture(scope="package")
def golden(golden_folder: Path) -> Golden:
    found = read_golden(golden_folder / GOLDEN)
    assert found is not None
    return found


@pytest.fixture(params=["tiny", "paper"])
def kind(request: pytest.FixtureRequest, golden_folder: Path) -> tuple[SoundCTM, Golden]:
    """A model of the shipped kind and one of the paper's, each with its references."""
    make: dict[str, Callable[[], SoundCTM]] = {
        "tiny": lambda: SoundCTM.from_pretrained(golden_folder),
        "paper": tiny_paper_model,
    }
    model = make[request.param]()
    return model, compute_golden(model)
