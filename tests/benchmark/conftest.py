"""Models to measure."""

from pathlib import Path

import pytest

from soundctm import SoundCTM
from tests.oracles.paper import tiny_paper_model


@pytest.fixture(scope="package")
def tiny(tiny_folder: Path) -> SoundCTM:
    """The shipped model's kind: several text tokens, a spectral autoencoder."""
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.fixture(scope="package")
def paper() -> SoundCTM:
    return tiny_paper_model()


@pytest.fixture(params=["tiny", "paper"])
def model(request: pytest.FixtureRequest) -> SoundCTM:
    """One after the other."""
    found: SoundCTM = request.getfixturevalue(request.param)
    return found
