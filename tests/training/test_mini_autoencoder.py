"""The embedded model's autoencoder stage: latents of every clip, whole or not there."""

from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm.autoencoder import SpectralConfig
from soundctm.training.mini import stages
from soundctm.training.mini_autoencoder import encode_all, train
from soundctm.training.runner import RunOptions
from soundctm.training.spectral_config import SpectralTraining
from soundctm.training.spectral_start import load_spectral

SIZES = SpectralConfig(n_fft=256, frame_hop=64, bands=12, channels=4, width=8, depth=1)
CLIPS, FRAMES = 35, 30  # more than are encoded at once


def tiny(**changes: object) -> SpectralTraining:
    defaults = {"steps": 2, "batch": 2, "crop_frames": 8, "autoencoder": SIZES, "fit_clips": 20, "fit_seconds": 0.05}
    return SpectralTraining.model_validate(defaults | changes)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of noise whose level changes from clip to clip and within."""
    folder = tmp_path / "data"
    folder.mkdir()
    rng = np.random.default_rng(0)
    level = np.exp(rng.uniform(4, 9, (CLIPS, FRAMES))).repeat(128, axis=1)
    np.save(folder / "audio.npy", (level * rng.uniform(-1, 1, level.shape)).astype(np.int16))
    np.save(folder / "real.npy", np.zeros(CLIPS, bool))
    return folder


def test_every_clip_is_encoded(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "autoencoder"
    assert train(tiny(), data, RunOptions(out, resume=None)) is True
    latents, audio = np.load(data / "latents.npy"), np.load(data / "audio.npy")
    assert latents.shape == (CLIPS, 4, FRAMES) and latents.dtype == np.float16
    autoencoder, normalizer = load_spectral(out)
    for row in (0, 20, CLIPS - 1):
        x = torch.from_numpy(audio[row] / 32768).float()[None, None]
        z = normalizer.normalize(autoencoder.encode(x).mean)[0]
        assert np.allclose(latents[row], z, atol=2e-3)
    assert not list(data.glob("*.partial"))


def test_whole_latents_are_kept_and_others_made_again(data: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "autoencoder", tmp_path / "other"
    assert train(tiny(), data, RunOptions(out, resume=None)) is True
    path = data / "latents.npy"
    whole = np.load(path)
    assert encode_all(out, data) is False
    halves = whole.copy()
    halves[CLIPS // 2 :] = 0  # a file of the right size that was never finished
    np.save(path, halves)
    assert encode_all(out, data) is True and np.array_equal(np.load(path), whole)
    path.write_bytes(path.read_bytes()[:1000])
    assert encode_all(out, data) is True and np.array_equal(np.load(path), whole)
    assert train(tiny(seed=1, fit_clips=1), data, RunOptions(other, resume=None)) is True
    assert not np.allclose(np.load(path), whole, atol=0.1), "another codec's latents are replaced"


def test_an_interrupted_stage_encodes_nothing(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "autoencoder"
    assert train(tiny(), data, RunOptions(out, resume=None, limit_minutes=0.0)) is False
    assert not (data / "latents.npy").exists()
    assert train(tiny(), data, RunOptions(out, resume=None)) is True
    assert (data / "latents.npy").exists()


def test_the_stage_is_done_when_weights_and_latents_are_there(tmp_path: Path) -> None:
    stage = next(stage for stage in stages(tmp_path, None, 1) if stage.module == "mini_autoencoder")
    assert not stage.finished
    for done in stage.done:
        done.parent.mkdir(exist_ok=True)
        assert not stage.finished
        done.touch()
    assert stage.finished and {path.name for path in stage.done} == {"autoencoder.safetensors", "latents.npy"}
