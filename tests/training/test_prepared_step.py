"""A student's step from a prepared folder calls neither a text encoder nor an autoencoder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from soundctm import SoundCTM
from soundctm.autoencoder import GaussianDAC, SpectralAutoencoder
from soundctm.conditioning.clap import ClapTextEncoder
from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.training.config import OptimizerConfig, StudentTraining
from soundctm.training.data.prepare.detect import open_source
from soundctm.training.data.prepare.latents import LatentEncoder
from soundctm.training.data.prepare.run import prepare
from soundctm.training.data.prepare.settings import Settings, SourceOptions
from soundctm.training.data.prepared import PreparedDataset
from soundctm.training.student import StudentTask
from soundctm.training.world import World
from tests.oracles.sounds import encoded, tone, write_folder

SETTINGS = Settings(seconds=0.5, sample_rate=8000)
CODING = ("soundctm.autoencoder.", "soundctm.conditioning.", "transformers.")  # modules whose networks encode or decode
METHODS = ("encode", "encode_ids", "decode", "decode_part")


class Called(Exception):
    """A network was called that a prepared step has no need of."""


@contextmanager
def forbidden(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Meanwhile every text encoder and autoencoder, and every layer of theirs, raises when it is called."""

    def refuse(network: nn.Module, *arguments: Any) -> None:
        if type(network).__module__.startswith(CODING):
            raise Called(type(network).__name__)

    def refuse_always(network: nn.Module, *arguments: Any) -> None:
        raise Called(type(network).__name__)

    for kind in (GaussianDAC, SpectralAutoencoder, MiniTextEncoder, ClapTextEncoder):
        for method in METHODS:
            if hasattr(kind, method):
                patch.setattr(kind, method, refuse_always)
    hook = register_module_forward_pre_hook(refuse)
    try:
        yield
    finally:
        hook.remove()


@pytest.fixture
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


def prepared(folder: Path, model: SoundCTM) -> PreparedDataset:
    """Three clips with the model's latents and tokens."""
    files: dict[str, bytes] = {}
    for i, caption in enumerate(("rain", "heavy rain and thunder", "a bell")):
        files |= {f"in/{i}.wav": encoded(tone(200 + 100 * i)), f"in/{i}.txt": caption.encode()}
    source = open_source(write_folder(folder, files) / "in", SourceOptions())
    prepare(source, folder / "out", SETTINGS, SourceOptions(), encoder=LatentEncoder(model, SETTINGS))
    return PreparedDataset(folder / "out")


def test_a_prepared_step_encodes_nothing(model: SoundCTM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = prepared(tmp_path, model)
    assert model.teacher is not None
    optimizer = OptimizerConfig(name="radam", learning_rate=1e-2)
    config = StudentTraining(steps=4, batch=2, precision="fp32", max_solver_steps=3, optimizer=optimizer)
    encoder, samples = LatentEncoder(model, SETTINGS), np.zeros((1, 4000), np.int16)
    with forbidden(monkeypatch):
        for call in (lambda: model.encode("rain"), lambda: encoder.tokens("rain"), lambda: encoder.encode(samples, "")):
            with pytest.raises(Called):
                call()
        task = StudentTask(config, model.teacher, data, World())
        before = [p.detach().clone() for p in task.trainee.module.parameters()]
        figures = task.step(0, 0.5)
    assert figures["ctm"] > 0 and figures["dsm"] > 0
    assert any(not torch.equal(a, b) for a, b in zip(before, task.trainee.module.parameters(), strict=True))
