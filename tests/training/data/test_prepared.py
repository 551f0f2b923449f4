"""Batches from a prepared folder are what model and captions would give, and a function of seed and step."""

import os
import resource
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from soundctm import SoundCTM
from soundctm.conditioning import Conditioning
from soundctm.errors import UserError
from soundctm.training.data.prepare.detect import open_source
from soundctm.training.data.prepare.latents import LatentEncoder
from soundctm.training.data.prepare.run import prepare
from soundctm.training.data.prepare.settings import Settings, SourceOptions
from soundctm.training.data.prepare.shards import ShardReader
from soundctm.training.data.prepared import PreparedDataset
from soundctm.training.data.source import LatentSource
from tests.oracles.sounds import content, encoded, tone, write_folder

SETTINGS = Settings(seconds=0.5, sample_rate=8000, shard_size=3)
CAPTIONS = ("rain", "heavy rain and thunder", "a bell", "three slow knocks", "rain, rain", "thunder", "slow rain")


def prepared(folder: Path, model: SoundCTM | None, settings: Settings = SETTINGS, stop: int | None = None) -> None:
    files: dict[str, bytes] = {}
    for i, caption in enumerate(CAPTIONS):
        files |= {f"in/{i}.wav": encoded(tone(200 + 100 * i)), f"in/{i}.txt": caption.encode()}
    write_folder(folder, files)

    def progress(done: int, total: int) -> None:
        if done == stop:
            raise KeyboardInterrupt

    source = open_source(folder / "in", SourceOptions())
    encoder = None if model is None else LatentEncoder(model, settings)
    prepare(source, folder / "out", settings, SourceOptions(), encoder=encoder, progress=progress)


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> SoundCTM:
    return SoundCTM.from_pretrained(tiny_folder)


@pytest.fixture(scope="module")
def folder(model: SoundCTM, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("latents")
    prepared(place, model)
    return place / "out"


def real(conditioning: Conditioning, row: int) -> torch.Tensor:
    return conditioning.tokens[row][conditioning.mask[row]]


def test_batches_hold_the_models_latents_and_tokens(folder: Path, model: SoundCTM) -> None:
    data: LatentSource = PreparedDataset(folder)
    assert (data.channels, data.context_dim) == (8, 16)
    batch = data.batch(0, len(CAPTIONS), 0.0)
    assert batch.z_0.shape == (7, 8, 32) and batch.z_0.dtype == torch.float32
    names = data.describe(0, len(CAPTIONS))["clips"]
    assert sorted(names) == [f"{i}.wav" for i in range(7)]
    clips = ShardReader(folder / "shards")
    for row, name in enumerate(names):
        clip = int(name[0])
        x = torch.from_numpy(clips.row(clip).astype(np.float32) / 32768)
        expected = model.normalizer.normalize(model.autoencoder.encode(x[None]).mean)[0]  # its variance is exp(-30)
        torch.testing.assert_close(batch.z_0[row], expected, rtol=2e-3, atol=2e-3)
        torch.testing.assert_close(
            real(batch.conditioning, row), model.encode(CAPTIONS[clip]).tokens[0], rtol=0, atol=3e-3
        )
    torch.testing.assert_close(data.unconditional().tokens, model.encode("").tokens, rtol=0, atol=3e-3)


def test_a_batch_is_a_function_of_seed_and_step(folder: Path) -> None:
    first, second = PreparedDataset(folder, seed=3), PreparedDataset(folder, seed=3)
    second.batch(9, 4, 0.5)
    a, b = first.batch(5, 4, 0.5), second.batch(5, 4, 0.5)
    assert torch.equal(a.z_0, b.z_0) and torch.equal(a.conditioning.tokens, b.conditioning.tokens)
    assert first.describe(5, 4) == second.describe(5, 4)
    assert not torch.equal(a.z_0, PreparedDataset(folder, seed=4).batch(5, 4, 0.5).z_0)


def test_every_clip_comes_once_per_epoch_in_changing_order(folder: Path) -> None:
    data = PreparedDataset(folder)
    rows = [row for step in range(14) for row in data.rows(step, 3)]
    epochs = [rows[i : i + 7] for i in range(0, 42, 7)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 3


def test_captions_are_dropped_as_often_as_asked(folder: Path) -> None:
    data = PreparedDataset(folder)
    empty = data.unconditional().tokens[0]
    for drop in (0.0, 0.3, 1.0):
        batch = data.batch(0, 1000, drop).conditioning
        rows = [real(batch, row) for row in range(1000)]
        share = sum(row.shape == empty.shape and torch.equal(row, empty) for row in rows) / 1000
        assert share == pytest.approx(drop, abs=0.05 if 0 < drop < 1 else 0)


def test_latents_are_draws_from_the_posterior(folder: Path, tmp_path: Path) -> None:
    """With moments replaced by N(2, 0.25) per entry: mean and spread of the draws, before normalising."""
    copied = Path(shutil.copytree(folder, tmp_path / "copy"))
    for path in copied.glob("shards/*.mean.npy"):
        np.save(path, np.full_like(np.load(path), 2.0))
        logvar = path.with_name(path.name.replace("mean", "logvar"))
        np.save(logvar, np.full_like(np.load(logvar), np.log(0.25)))
    data = PreparedDataset(copied)
    z = torch.cat([data.normalizer.denormalize(data.batch(step, 7, 0.0).z_0) for step in range(40)])
    assert z.mean().item() == pytest.approx(2.0, abs=0.01)
    assert z.std().item() == pytest.approx(0.5, abs=0.01)
    other = [data.batch(step, 7, 0.0).z_0 for step in (0, 1)]
    assert not torch.equal(*other)


def test_an_interrupted_folder_with_latents_becomes_the_same(folder: Path, model: SoundCTM, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        prepared(tmp_path, model, stop=5)
    with pytest.raises(UserError, match=r"no manifest\.json; run soundctm data prepare"):
        PreparedDataset(tmp_path / "out")
    prepared(tmp_path, model)
    ours, theirs = content(tmp_path / "out"), content(folder)
    assert ours == theirs


def test_a_folder_without_latents_is_refused(tmp_path: Path, model: SoundCTM) -> None:
    prepared(tmp_path, None)
    with pytest.raises(UserError, match="without --latents"):
        PreparedDataset(tmp_path / "out")
    with pytest.raises(UserError, match="was begun with latents None"):
        prepared(tmp_path, model)


@pytest.mark.parametrize("damage", ["cut", "missing array", "missing shard", "bad index"])
def test_damage_is_named(damage: str, folder: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(folder, tmp_path / "copy")) / "shards"
    if damage == "cut":
        (copied / "00001.mean.npy").write_bytes((copied / "00001.mean.npy").read_bytes()[:-100])
    elif damage == "missing array":
        (copied / "00001.mask.npy").unlink()
    elif damage == "missing shard":
        (copied / "00002.jsonl").unlink()
    else:
        (copied / "00000.jsonl").write_text("{")
    with pytest.raises(UserError, match="prepare"):
        PreparedDataset(copied.parent)


def test_more_arrays_than_files_may_be_open(model: SoundCTM, tmp_path: Path) -> None:
    """28 arrays, and room for 12 more files."""
    prepared(tmp_path, model, SETTINGS.model_copy(update={"shard_size": 1}))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    spare = os.open(os.devnull, os.O_RDONLY)  # the lowest free number
    os.close(spare)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spare + 12, hard))
    try:
        assert len(PreparedDataset(tmp_path / "out").batch(0, 7, 0.0).z_0) == 7
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_model_must_fit_the_sound(model: SoundCTM) -> None:
    with pytest.raises(UserError, match=r"44100 Hz, but model .* works at 8000 Hz"):
        LatentEncoder(model, Settings())
    with pytest.raises(UserError, match="needs mono"):
        LatentEncoder(model, Settings(sample_rate=8000, channels="stereo"))


def test_latents_that_are_not_finite_are_left_out(model: SoundCTM, tmp_path: Path) -> None:
    class Overflowing(LatentEncoder):
        """The real encoder at a hundred thousand times the level for one caption."""

        def encode(self, samples, caption):  # type: ignore[no-untyped-def]
            self.model.autoencoder.band_mean.fill_(1e6 if caption == "a bell" else 0.0)
            return super().encode(samples, caption)

    files = {f"in/{i}.wav": encoded(tone(200 + 100 * i)) for i in range(3)}
    files |= {f"in/{i}.txt": caption.encode() for i, caption in enumerate(CAPTIONS[:3])}
    source = open_source(write_folder(tmp_path, files) / "in", SourceOptions())
    before = model.autoencoder.band_mean.clone()
    manifest = prepare(source, tmp_path / "out", SETTINGS, SourceOptions(), encoder=Overflowing(model, SETTINGS))
    model.autoencoder.band_mean.copy_(before)
    assert manifest["left_out"] == {"total": 1, "not_encodable": 1} and manifest["clips"] == 2
