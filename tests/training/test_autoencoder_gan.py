"""Fine-tuning the embedded decoder: the codec stays to the last bit, the decoder learns, and a halt costs nothing."""

import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from soundctm.autoencoder import SpectralAutoencoder, SpectralConfig
from soundctm.errors import UserError
from soundctm.folder import ROW_SCALE, pack
from soundctm.training.autoencoder import save
from soundctm.training.autoencoder_gan import GanConfig, GanTraining, read_start, train
from soundctm.training.codec import fit_basis, latent_scale
from soundctm.training.world import World
from tests.oracles.autoencoder import TINY_DISCRIMINATORS, Sines

SIZES = SpectralConfig(
    sample_rate=8000, n_fft=256, frame_hop=64, bands=40, channels=52, width=16, depth=1
)  # the basis has 52 x 80 entries: enough to be stored as int8


def tiny(**changes: Any) -> GanConfig:
    return GanConfig(**({"discriminators": TINY_DISCRIMINATORS, "batch": 2, "lead": 0.25} | changes))


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fitted codec with an untrained decoder, as its trainer writes it."""
    folder = tmp_path_factory.mktemp("start")
    torch.manual_seed(0)
    autoencoder = SpectralAutoencoder(SIZES)
    noise = torch.randn(2, 128 * 60, generator=torch.Generator().manual_seed(1))
    spread = fit_basis(autoencoder, [noise, Sines().crops(0, 4, 128 * 60)])
    save(autoencoder, latent_scale(spread), folder / "autoencoder.safetensors")
    (folder / "autoencoder.json").write_text(SIZES.model_dump_json())
    return folder


def is_codec(name: str) -> bool:
    return name.removesuffix(ROW_SCALE) in ("band_mean", "basis", "normalizer.mean", "normalizer.std")


def fine_tuned(start: Path, out: Path, source: Sines | None = None, steps: int = 4) -> bool:
    return train(source or Sines(), start, out, tiny(), steps=steps)


@pytest.mark.parametrize("stored", ["half", "int8 rows"])
def test_the_codec_stays_and_the_decoder_learns(start: Path, tmp_path: Path, stored: str) -> None:
    if stored == "int8 rows":
        packed = tmp_path / "packed"
        packed.mkdir()
        tensors = {name: value.float() for name, value in load_file(start / "autoencoder.safetensors").items()}
        save_file(pack(tensors), packed / "autoencoder.safetensors")
        (packed / "autoencoder.json").write_bytes((start / "autoencoder.json").read_bytes())
        start = packed
    assert fine_tuned(start, tmp_path / "out") is True
    before, after = (load_file(folder / "autoencoder.safetensors") for folder in (start, tmp_path / "out"))
    codec = [name for name in before if is_codec(name)]
    assert len(codec) == (4 if stored == "half" else 5)
    for name in codec:
        assert before[name].dtype == after[name].dtype
        assert before[name].numpy().tobytes() == after[name].numpy().tobytes()
    decoder = [name for name in after if not is_codec(name)]
    assert all(after[name].dtype == torch.float16 for name in decoder)
    assert any(not torch.equal(after[name], before[name].half()) for name in decoder)
    first, second = read_start(start), read_start(tmp_path / "out")
    x = Sines(seed=3).crops(0, 2, 128 * 20)[:, None]
    z = first.encode(x).mean
    assert torch.equal(z, second.encode(x).mean)
    assert not torch.equal(first.decode(z), second.decode(z))


def test_an_interrupted_fine_tuning_goes_on_bit_for_bit(start: Path, tmp_path: Path) -> None:
    straight, halting = tmp_path / "straight", tmp_path / "halting"
    assert fine_tuned(start, straight) is True
    assert fine_tuned(start, halting, Sines(stop_at=1)) is False
    assert not (halting / "autoencoder.safetensors").exists()
    assert fine_tuned(start, halting) is True
    names = ("autoencoder.safetensors", "autoencoder.json")
    assert all((straight / name).read_bytes() == (halting / name).read_bytes() for name in names)


def weights(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def test_discriminators_learn_alone_at_first(start: Path) -> None:
    training = GanTraining(read_start(start), Sines(), tiny(), World())
    decoder, critics = weights(training.autoencoder), weights(training.critics.module)
    figures = training.step(0, 0.1)
    assert "total" not in figures and figures["discriminator"] > 0
    assert all(torch.equal(value, decoder[name]) for name, value in training.autoencoder.state_dict().items())
    assert any(not torch.equal(value, critics[name]) for name, value in training.critics.module.state_dict().items())
    figures = training.step(1, 0.3)
    assert figures["total"] > 0 and figures["kl"] == 0
    changed = [k for k, value in training.autoencoder.state_dict().items() if not torch.equal(value, decoder[k])]
    assert changed and not any(is_codec(name) for name in changed)


def test_two_draws_differ_and_come_again(start: Path) -> None:
    training = GanTraining(read_start(start), Sines(), tiny(), World())
    x = Sines().crops(0, 2, 128 * 20)
    with torch.no_grad():
        (a, b), (c, d), (other, _) = (training.draws(x, index) for index in (5, 5, 6))
    assert a.shape == x.shape and torch.equal(a, c) and torch.equal(b, d)
    assert not torch.allclose(a, b, atol=1e-4) and not torch.allclose(a, other, atol=1e-4)


def test_what_cannot_be_fine_tuned(start: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="choose another --out"):
        fine_tuned(start, start)
    with pytest.raises(UserError, match="holds no trained spectral autoencoder"):
        fine_tuned(tmp_path, tmp_path / "out")
    (tmp_path / "autoencoder.json").write_text(SIZES.model_copy(update={"width": 8}).model_dump_json())
    (tmp_path / "autoencoder.safetensors").write_bytes((start / "autoencoder.safetensors").read_bytes())
    with pytest.raises(UserError, match="holds no trained spectral autoencoder"):
        fine_tuned(tmp_path, tmp_path / "out")
    with pytest.raises(UserError, match="the sounds have 16000 Hz, the autoencoder is for 8000 Hz"):
        fine_tuned(start, tmp_path / "out", Sines(sample_rate=16000))
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL  # a training that did not start leaves no handler
