"""Laws of what is kept of compiled code."""

import os
from pathlib import Path

import pytest
import torch

from soundctm.autoencoder import DACConfig, GaussianDAC, SpectralAutoencoder
from soundctm.engines.artefacts import FOLDER, Record, code_folder, signature, user_cache
from tests.oracles.engines import CPU
from tests.oracles.folder import SPECTRAL
from tests.oracles.tiny import tiny_dit


def test_every_system_has_its_place_for_caches(tmp_path: Path) -> None:
    assert user_cache({"XDG_CACHE_HOME": str(tmp_path)}, "linux") == tmp_path
    assert user_cache({"XDG_CACHE_HOME": "relative"}, "linux") == user_cache({}, "linux") == Path.home() / ".cache"
    assert user_cache({}, "darwin") == Path.home() / "Library" / "Caches"
    assert user_cache({"LOCALAPPDATA": str(tmp_path)}, "win32") == tmp_path


def test_a_folder_that_the_user_chose_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path / "mine"))
    assert code_folder() == tmp_path / "mine"


def test_else_the_compiler_is_given_one_that_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = code_folder()
    assert (str(folder), folder.name) == (os.environ[FOLDER], "compiled")
    monkeypatch.delenv(FOLDER)


def test_a_signature_stands_for_sizes_and_precision_but_not_for_weights() -> None:
    spectral = SpectralAutoencoder(SPECTRAL)
    dac = GaussianDAC(DACConfig(encoder_dim=4, encoder_rates=(2,), decoder_dim=16, decoder_rates=(2,), latent_dim=4))
    mine = signature(tiny_dit("student"), spectral, "float32", CPU)
    assert signature(tiny_dit("student", seed=5), SpectralAutoencoder(SPECTRAL), "float32", CPU) == mine
    others = {
        signature(tiny_dit("student", depth=3), spectral, "float32", CPU),
        signature(tiny_dit("student"), dac, "float32", CPU),
        signature(tiny_dit("student"), spectral, "int8", CPU),
        signature(tiny_dit("student"), spectral, "float32", torch.device("meta")),
    }
    assert len(others - {mine}) == 4


def test_a_record_knows_what_was_noted(tmp_path: Path) -> None:
    record = Record(tmp_path / "not yet there")
    assert record.names() == []
    for name in ("b", "a", "b"):
        record.note(name)
    assert Record(record.folder).names() == ["a", "b"]
