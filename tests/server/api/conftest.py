"""Servers that really listen, in a thread of this process, with a tiny model of real classes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from soundctm import SoundCTM
from soundctm.server.api import Settings
from soundctm.server.jobs import Limits
from tests.server.api.running import Running, running

Starter = Callable[..., Running]


@pytest.fixture(scope="session")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.fixture(scope="session")
def server(model: SoundCTM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for all tests that do not mind what others have put into its library."""
    with running(model, tmp_path_factory.mktemp("library")) as started:
        yield started


@pytest.fixture
def start(model: SoundCTM, tmp_path: Path) -> Iterator[Starter]:
    """Starts servers with settings of their own on one fresh library."""
    with ExitStack() as stack:

        def begin(settings: Settings | None = None, limits: Limits | None = None) -> Running:
            return stack.enter_context(running(model, tmp_path / "library", settings, limits))

        yield begin
