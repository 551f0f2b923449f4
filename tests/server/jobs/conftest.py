"""A tiny model, and a library and a workshop of each test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from soundctm import SoundCTM
from soundctm.server.jobs import Workshop
from soundctm.server.library import Library


@pytest.fixture(scope="session")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as library:
        yield library


@pytest.fixture
def workshop(model: SoundCTM, library: Library) -> Iterator[Workshop]:
    with Workshop(model, library) as workshop:
        yield workshop
