"""Training the Gaussian DAC: it learns, resumes bit for bit, and writes what a model folder needs."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from soundctm.autoencoder import DACConfig, GaussianDAC, Normalizer
from soundctm.errors import UserError
from soundctm.folder import read_tensors
from soundctm.training.autoencoder_config import AutoencoderTraining
from soundctm.training.checkpoint import Checkpoint
from soundctm.training.dac import AutoencoderTask, train
from soundctm.training.loop import NonFiniteLoss
from soundctm.training.mel_loss import MelLoss
from soundctm.training.runner import RunOptions
from soundctm.training.weight_norm import normalise_weights
from soundctm.training.world import World
from tests.oracles.autoencoder import Sines
from tests.oracles.autoencoder import tiny_training as tiny


def run(out: Path, source: Sines, config: AutoencoderTraining, resume: bool = False, sharded: bool = False) -> bool:
    return train(config, source, RunOptions(out=out, resume=resume, log_every=1, sharded=sharded))


def flat(state: Any, name: str = "") -> dict[str, Any]:
    """Every leaf of nested dictionaries and lists, by its path."""
    if isinstance(state, dict | list):
        items = state.items() if isinstance(state, dict) else enumerate(state)
        return {k: v for key, value in items for k, v in flat(value, f"{name}/{key}").items()}
    return {name: state}


def saved(out: Path) -> dict[str, Any]:
    """The parts of a checkpoint."""
    return flat(torch.load(Checkpoint(out, World()).path, weights_only=True)["parts"])


def same(a: object, b: object) -> bool:
    return torch.equal(a, b) if isinstance(a, Tensor) and isinstance(b, Tensor) else a == b


def test_defaults_are_the_papers() -> None:
    config = AutoencoderTraining(steps=1)
    sizes = config.autoencoder
    assert (sizes.encoder_rates, sizes.decoder_rates) == ((4, 4, 8, 8), (8, 8, 4, 4))
    assert (sizes.encoder_dim, sizes.decoder_dim, sizes.latent_dim, sizes.sample_rate) == (64, 1536, 64, 44100)
    with torch.device("meta"):
        autoencoder = GaussianDAC(sizes)
        normalise_weights(autoencoder)
    count = sum(p.numel() for p in autoencoder.parameters())
    assert round(count / 1e6, 1) == 63.5  # appendix D.2


def test_a_configuration_is_checked() -> None:
    for changes in ({"steps": None}, {"minutes": 1.0}):
        with pytest.raises(ValidationError, match="either steps or minutes"):
            tiny(**changes)
    with pytest.raises(ValidationError, match="a crop of 16 frames has 128 samples, but a mel window of 256 needs"):
        tiny(crop_frames=16)
    with pytest.raises(ValidationError, match="extra"):
        tiny(kl_weight=1.0)
    assert AutoencoderTraining.model_validate_json(tiny().model_dump_json()) == tiny()


def test_it_learns_sines() -> None:
    """Seen sounds and unseen ones come out nearer to what went in."""
    config = tiny(steps=40)
    task = AutoencoderTask(config, Sines(), World())
    x = Sines(seed=7).crops(0, 8, 512)
    mel = MelLoss(8000, config.mel)

    def distance() -> float:
        autoencoder = task.autoencoder
        return float(mel(x, autoencoder.decode(autoencoder.encode(x[:, None]).mode)[:, 0]).mean())

    before = distance()
    seen = [task.step(index, 0.0)["reconstruction"] for index in range(40)]
    assert distance() < 0.85 * before
    assert np.mean(seen[-5:]) < 0.75 * np.mean(seen[:5])


def test_an_interrupted_training_goes_on_bit_for_bit(tmp_path: Path) -> None:
    straight, halting = tmp_path / "straight", tmp_path / "halting"
    assert run(straight, Sines(), tiny()) is True
    assert run(halting, Sines(stop_at=2), tiny()) is False
    assert not (halting / "autoencoder.safetensors").exists()
    assert run(halting, Sines(), tiny(), resume=True) is True
    a, b = saved(straight), saved(halting)
    assert a.keys() == b.keys() and len(a) > 100
    assert [name for name in a if not same(a[name], b[name])] == []
    logs = [(out / "log.jsonl").read_text().splitlines() for out in (straight, halting)]
    figures = [[{k: v for k, v in json.loads(line).items() if k != "elapsed"} for line in log] for log in logs]
    assert figures[0] == figures[1] and len(figures[0]) == 6
    names = ("autoencoder.safetensors", "autoencoder.json")
    assert all((straight / name).read_bytes() == (halting / name).read_bytes() for name in names)


def test_a_sharded_checkpoint_goes_on_too(tmp_path: Path) -> None:
    assert run(tmp_path / "straight", Sines(), tiny(steps=3)) is True
    assert run(tmp_path / "halting", Sines(stop_at=0), tiny(steps=3), sharded=True) is False
    assert run(tmp_path / "halting", Sines(), tiny(steps=3), resume=True, sharded=True) is True
    straight, halting = (tmp_path / out / "autoencoder.safetensors" for out in ("straight", "halting"))
    assert straight.read_bytes() == halting.read_bytes()


def test_an_old_checkpoint_is_not_taken_up_unasked_or_changed(tmp_path: Path) -> None:
    assert run(tmp_path, Sines(stop_at=0), tiny()) is False
    with pytest.raises(UserError, match="give --resume"):
        run(tmp_path, Sines(), tiny())
    with pytest.raises(UserError, match="made with another batch"):
        run(tmp_path, Sines(), tiny(batch=2), resume=True)
    assert run(tmp_path, Sines(), tiny(steps=2), resume=True) is True


def test_what_it_writes_is_a_whole_autoencoder(tmp_path: Path) -> None:
    config = tiny(steps=2)
    assert run(tmp_path, Sines(), config) is True
    assert DACConfig.model_validate_json((tmp_path / "autoencoder.json").read_bytes()) == config.autoencoder
    tensors = read_tensors(tmp_path / "autoencoder.safetensors")
    normalizer = Normalizer(tensors.pop("normalizer.mean"), tensors.pop("normalizer.std"))
    autoencoder = GaussianDAC(config.autoencoder)
    autoencoder.load_state_dict(tensors)
    x = torch.cat([Sines().crops(i, config.batch, config.length) for i in range(config.statistics_batches)])
    with torch.no_grad():
        posterior = autoencoder.encode(x[:, None])
    frames = posterior.mean.double().transpose(1, 2).reshape(-1, 4).numpy()
    variance = posterior.logvar.double().exp().mean((0, 2)).numpy()
    assert np.allclose(normalizer.mean, frames.mean(0), atol=1e-5)
    assert np.allclose(normalizer.std, np.sqrt(frames.var(0) + variance), rtol=1e-4)
    sampled = normalizer.normalize(posterior.sample(torch.Generator().manual_seed(0)))
    assert torch.allclose(sampled.std((0, 2)), torch.full((4,), 0.5), rtol=0.05)


def test_every_parameter_learns_at_its_rate() -> None:
    task = AutoencoderTask(tiny(rate_decay=0.5), Sines(), World())
    before = {k: v.clone() for part in (task.generator, task.critics) for k, v in part.module.state_dict().items()}
    figures = task.step(3, 0.0)
    for part in (task.generator, task.critics):
        assert all(p.grad is None for p in part.module.parameters())
        assert all(group["lr"] == 3e-3 / 8 for o in part.optimizers.members for group in o.param_groups)
        same = [name for name, value in part.module.state_dict().items() if torch.equal(value, before[name])]
        assert same == []
    assert all(math.isfinite(value) for value in figures.values()) and figures["kl"] > 0


def test_bad_samples_stop_it_with_a_report(tmp_path: Path) -> None:
    class Damaged(Sines):
        def crops(self, index: int, size: int, length: int) -> Tensor:
            x = super().crops(index, size, length)
            if index == 1:
                x[2, 5] = math.nan
            return x

    with pytest.raises(NonFiniteLoss, match="step 1"):
        run(tmp_path, Damaged(), tiny())
    assert json.loads((tmp_path / "non_finite.json").read_text())["batch"]["flaws"] == [0, 0, 1, 0]


def test_accumulation_changes_memory_alone() -> None:
    whole, parts = AutoencoderTask(tiny(), Sines(), World()), AutoencoderTask(tiny(accumulate=4), Sines(), World())
    for index in range(3):
        assert parts.step(index, 0.0) == pytest.approx(whole.step(index, 0.0), rel=1e-4, abs=1e-6)


def test_bf16_is_near_to_fp32() -> None:
    exact, fast = (AutoencoderTask(tiny(precision=p), Sines(), World()).step(0, 0.0) for p in ("fp32", "bf16"))
    assert all(math.isclose(fast[name], exact[name], rel_tol=0.05) for name in ("total", "reconstruction", "kl"))
    assert fast["total"] != exact["total"]


def test_the_rates_must_agree() -> None:
    with pytest.raises(UserError, match="the sounds have 16000 Hz, the autoencoder is for 8000 Hz"):
        AutoencoderTask(tiny(), Sines(sample_rate=16000), World())


def test_the_batch_must_divide() -> None:
    with pytest.raises(UserError, match="a batch of 4 does not divide into 3 parts of 1 processes"):
        AutoencoderTask(tiny(accumulate=3), Sines(), World())


def test_it_is_heard_without_a_trace() -> None:
    config = tiny()
    heard, unheard = AutoencoderTask(config, Sines(), World()), AutoencoderTask(config, Sines(), World())
    sounds = heard.listen()
    assert sorted(sounds) == [f"{name}/{i}" for name in ("after", "before") for i in range(4)]
    assert all(samples.shape == (24_000,) and rate == 8000 for samples, rate in sounds.values())
    assert heard.step(0, 0.0) == unheard.step(0, 0.0)
