"""Fixtures that every test room shares."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.oracles.folder import write_tiny_model

torch.set_num_threads(1)  # tiny tensors: more threads only wait for each other
# Whoever starts the tests in the background may have them ignore Ctrl-C, and their children with them.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What engines keep for later goes to a folder of these tests, and nothing is found that others have left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of reference tensors and recordings beside the repository; tests that need it skip without it."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "reference").is_dir():
        pytest.skip(f"reference data not found at {folder}: the checks against it run only where it is mounted")
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder of real classes in tiny sizes with random weights; tests copy it before they change it."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny", teacher=True)
