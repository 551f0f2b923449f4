"""Laws of the crops that autoencoders train on."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from soundctm.errors import UserError
from soundctm.training.data.prepare.detect import open_source
from soundctm.training.data.prepare.run import prepare
from soundctm.training.data.prepare.settings import Settings, SourceOptions
from soundctm.training.data.waveforms import REAL_WEIGHT, Crops, PreparedCrops


def clips(count: int, length: int) -> np.ndarray:
    """Clip ``i`` holds the numbers ``1000 i ...``, so that a crop tells where it is from."""
    return (1000 * np.arange(count)[:, None] + np.arange(length)).astype(np.int16)


def test_crops_are_functions_of_seed_and_step() -> None:
    audio, real = clips(5, 600), np.zeros(5, bool)
    a, b, other = (Crops(audio, real, seed) for seed in (1, 1, 2))
    a.crops(0, 3, 50)  # what came before is forgotten
    assert torch.equal(a.crops(7, 4, 100), b.crops(7, 4, 100))
    assert not torch.equal(a.crops(7, 4, 100), a.crops(8, 4, 100))
    assert not torch.equal(a.crops(7, 4, 100), other.crops(7, 4, 100))


def test_crops_are_pieces_of_the_clips() -> None:
    audio = clips(5, 600)
    for crop in Crops(audio, np.zeros(5, bool), 0).crops(0, 20, 100):
        samples = (crop * 32767).round().int().numpy()
        assert (np.diff(samples) == 1).all() and samples[0] % 1000 <= 500


def test_the_loud_part_of_a_clip_is_preferred() -> None:
    audio = np.zeros((1, 1000), np.int16)
    audio[0, 400:500] = 20_000
    x = Crops(audio, np.ones(1, bool), 0).crops(0, 400, 100)
    share = float((x.abs().amax(1) > 0).float().mean())
    assert abs(share - (1 - (1 - 199 / 901) ** 3)) < 0.07  # any of three crops meets the burst


def test_recordings_come_more_often() -> None:
    audio = clips(4, 100)
    x = Crops(audio, np.array([True, False, False, False]), 0).crops(0, 3000, 100)
    share = float((x[:, 0] == 0).float().mean())
    assert abs(share - REAL_WEIGHT / (REAL_WEIGHT + 3)) < 0.04


def test_a_short_clip_ends_in_zeros() -> None:
    x = Crops(clips(2, 60) + 1, np.zeros(2, bool), 0).crops(0, 3, 100)
    assert x.shape == (3, 100) and bool((x[:, :60] > 0).all()) and bool((x[:, 60:] == 0).all())


def test_a_folder_of_clips(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no clips"):
        Crops.of(tmp_path, 0)
    np.save(tmp_path / "audio.npy", clips(3, 200))
    np.save(tmp_path / "real.npy", np.zeros(3, bool))
    crops = Crops.of(tmp_path, 0)
    assert crops.sample_rate == 44100 and crops.crops(0, 2, 50).shape == (2, 50)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three stereo sounds of constant level, left and right of different sign, prepared in shards of two."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("work") / "prepared"
    for i in range(3):
        left = np.full(4000, 0.2 * (i + 1), np.float32)
        soundfile.write(source / f"{i}.wav", np.stack([left, -left], 1), 8000, subtype="FLOAT")
        (source / f"{i}.txt").write_text(f"sound {i}")
    settings = Settings(seconds=0.5, sample_rate=8000, channels="stereo", shard_size=2)
    prepare(open_source(source, SourceOptions()), out, settings, SourceOptions())
    return out


def test_crops_of_a_prepared_folder(prepared: Path) -> None:
    source = PreparedCrops(prepared, 0)
    x = source.crops(5, 300, 1000)
    assert source.sample_rate == 8000 and x.shape == (300, 1000) and x.dtype == torch.float32
    assert torch.equal(x, PreparedCrops(prepared, 0).crops(5, 300, 1000))
    assert not torch.equal(x, source.crops(6, 300, 1000))
    levels, counts = torch.unique((x[:, 500] * 10).round().int(), return_counts=True)
    assert levels.tolist() == [-6, -4, -2, 2, 4, 6]  # every clip and channel
    assert bool((counts > 25).all())
    longer = source.crops(0, 2, 5000)
    assert bool((longer[:, :4000] != 0).all() and (longer[:, 4000:] == 0).all())


def test_an_incomplete_prepared_folder_is_an_error(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it has no manifest"):
        PreparedCrops(tmp_path, 0)
    cut = tmp_path / "cut"
    shutil.copytree(prepared, cut)
    (cut / "shards" / "00001.jsonl").unlink()
    with pytest.raises(UserError, match="has 2 clips and its manifest names 3"):
        PreparedCrops(cut, 0)
