"""Training the spectral decoder: the codec stays to the last bit, the decoder learns, and a halt costs nothing."""

import json
import math
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from soundctm.autoencoder import SpectralConfig
from soundctm.errors import UserError
from soundctm.folder import ROW_SCALE, pack
from soundctm.training.loop import NonFiniteLoss
from soundctm.training.losses import SpectralDistance, energy_distance
from soundctm.training.runner import RunOptions
from soundctm.training.spectral import SpectralTask, train
from soundctm.training.spectral_config import SpectralTraining
from soundctm.training.spectral_start import fitted, load_spectral, taken_over
from soundctm.training.world import World
from tests.oracles.autoencoder import FAST, SPECTRAL_SIZES, TINY_ADVERSARY, Sines, tiny_spectral

ADVERSARIES = pytest.mark.parametrize("adversary", [None, TINY_ADVERSARY], ids=["distance", "adversary"])
NAMES = ("autoencoder.safetensors", "autoencoder.json")
HOP = 128


def run(
    out: Path, config: SpectralTraining, source: Sines | None = None, start: Path | None = None, resume: bool = False
) -> bool:
    return train(config, source or Sines(), RunOptions(out, resume, log_every=1), start=start)


def going_on() -> SpectralTraining:
    """Fine-tuning against discriminators, with seeds of its own."""
    return tiny_spectral(adversary=TINY_ADVERSARY, seed=1)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An autoencoder as its training writes it, after one step."""
    folder = tmp_path_factory.mktemp("start")
    assert run(folder, tiny_spectral(steps=1)) is True
    return folder


@pytest.fixture
def task(start: Path) -> Callable[[SpectralTraining], SpectralTask]:
    return lambda config: SpectralTask(config, taken_over(start, SPECTRAL_SIZES), Sines(), World())


def is_codec(name: str) -> bool:
    return name.removesuffix(ROW_SCALE) in ("band_mean", "basis", "normalizer.mean", "normalizer.std")


@pytest.mark.parametrize("stored", ["half", "int8 rows"])
def test_the_codec_stays_and_the_decoder_learns(start: Path, tmp_path: Path, stored: str) -> None:
    if stored == "int8 rows":
        packed = tmp_path / "packed"
        packed.mkdir()
        tensors = {name: value.float() for name, value in load_file(start / "autoencoder.safetensors").items()}
        save_file(pack(tensors), packed / "autoencoder.safetensors")
        (packed / "autoencoder.json").write_bytes((start / "autoencoder.json").read_bytes())
        start = packed
    assert run(tmp_path / "out", going_on(), start=start) is True
    before, after = (load_file(folder / "autoencoder.safetensors") for folder in (start, tmp_path / "out"))
    codec = [name for name in before if is_codec(name)]
    assert len(codec) == (4 if stored == "half" else 5)
    for name in codec:
        assert before[name].dtype == after[name].dtype
        assert before[name].numpy().tobytes() == after[name].numpy().tobytes()
    decoder = [name for name in after if not is_codec(name)]
    assert all(after[name].dtype == torch.float16 for name in decoder)
    assert any(not torch.equal(after[name], before[name].half()) for name in decoder)
    (first, _), (second, _) = load_spectral(start), load_spectral(tmp_path / "out")
    x = Sines(seed=3).crops(0, 2, HOP * 20)[:, None]
    z = first.encode(x).mean
    assert torch.equal(z, second.encode(x).mean)
    assert not torch.equal(first.decode(z), second.decode(z))


def test_what_it_writes_is_a_whole_autoencoder(tmp_path: Path) -> None:
    config = tiny_spectral(steps=2)
    assert run(tmp_path, config) is True
    stored = load_file(tmp_path / "autoencoder.safetensors")
    assert {name for name, value in stored.items() if value.dtype == torch.float32} == {
        "normalizer.mean", "normalizer.std",
    }  # fmt: skip
    assert all(value.dtype in (torch.float16, torch.float32) for value in stored.values())
    assert SpectralConfig.model_validate_json((tmp_path / "autoencoder.json").read_bytes()) == SPECTRAL_SIZES
    autoencoder, normalizer = load_spectral(tmp_path)
    x = torch.cat([Sines().crops(i, size, config.fit_length) for i, size in enumerate((20, 10))])
    z = normalizer.normalize(autoencoder.encode(x[:, None]).mean)
    assert torch.allclose(z.mean((0, 2)), torch.zeros(52), atol=0.02), "the codec was fitted on these crops"
    assert math.isclose(float(z.square().mean().sqrt()), 0.5, rel_tol=0.01)
    assert autoencoder.decode(autoencoder.encode(x[:2, None]).mean).shape == (2, 1, config.fit_length)


@ADVERSARIES
def test_it_learns_sines(adversary: object, tmp_path: Path) -> None:
    """Seen sounds and unseen ones come out nearer to what went in."""
    config = tiny_spectral(steps=50, batch=4, optimizer=FAST, adversary=adversary)
    trained = SpectralTask(config, fitted(config, Sines(), tmp_path, False, World()), Sines(), World())
    distance, unseen = SpectralDistance(8000), Sines(seed=7).crops(0, 8, HOP * 20)
    noise = torch.randn(2, *unseen.shape, generator=torch.Generator().manual_seed(0))

    def apart() -> float:
        with torch.no_grad():
            return float(energy_distance(distance, unseen, *trained.decoder.network(unseen, noise)).mean())

    before = apart()
    seen = [trained.step(index, 0.5)["reconstruction"] for index in range(50)]
    assert apart() < 0.9 * before
    assert np.mean(seen[-5:]) < 0.9 * np.mean(seen[:5])


@ADVERSARIES
@pytest.mark.parametrize("from_start", [False, True], ids=["fitted", "taken over"])
def test_an_interrupted_training_goes_on_bit_for_bit(
    start: Path, tmp_path: Path, adversary: object, from_start: bool
) -> None:
    config, begin = tiny_spectral(adversary=adversary), start if from_start else None
    straight, halting = tmp_path / "straight", tmp_path / "halting"
    assert run(straight, config, start=begin) is True
    assert run(halting, config, Halting(), start=begin) is False
    assert not (halting / "autoencoder.safetensors").exists()
    assert run(halting, config, start=begin, resume=True) is True
    assert all((straight / name).read_bytes() == (halting / name).read_bytes() for name in NAMES)
    logs = [(out / "log.jsonl").read_text().splitlines() for out in (straight, halting)]
    figures = [[{k: v for k, v in json.loads(line).items() if k != "elapsed"} for line in log] for log in logs]
    assert figures[0] == figures[1] and len(figures[0]) == 4


def test_a_fitted_codec_is_taken_up_again(tmp_path: Path) -> None:
    """After a halt between the fit and the first checkpoint, too; but not for other data or settings."""
    config = tiny_spectral()
    first = fitted(config, Sines(), tmp_path, False, World())
    written = (tmp_path / "codec.pt").stat().st_mtime_ns
    again = fitted(config, Sines(), tmp_path, False, World())
    assert (tmp_path / "codec.pt").stat().st_mtime_ns == written
    assert first.identity == again.identity
    assert all(torch.equal(value, again.kept[name]) for name, value in first.kept.items())
    for other, source in ((config, Sines(seed=1)), (tiny_spectral(fit_clips=29), Sines())):
        with pytest.raises(UserError, match="was fitted on other data or by other settings"):
            run(tmp_path, other, source)
    (tmp_path / "codec.pt").write_bytes(b"PK no codec")
    with pytest.raises(UserError, match=r"codec\.pt cannot be read"):
        run(tmp_path, config)


def weights(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(before: dict[str, Tensor], module: torch.nn.Module) -> list[str]:
    return [name for name, value in module.state_dict().items() if not torch.equal(value, before[name])]


def test_discriminators_learn_alone_at_first(task: Callable[[SpectralTraining], SpectralTask]) -> None:
    training = task(going_on())
    assert training.critics is not None
    decoder, critics = training.decoder.module, training.critics.trainee.module
    before = weights(decoder), weights(critics)
    figures = training.step(0, 0.1)
    assert "total" not in figures and figures["discriminator"] > 0
    assert changed(before[0], decoder) == [] and changed(before[1], critics) != []
    figures = training.step(1, 0.3)
    assert figures["total"] > 0 and figures["kl"] == 0
    names = [name.removeprefix("autoencoder.") for name in changed(before[0], decoder)]
    assert names and not any(is_codec(name) for name in names)


def test_two_draws_differ_and_come_again(task: Callable[[SpectralTraining], SpectralTask]) -> None:
    training = task(going_on())
    x = Sines().crops(0, 2, HOP * 20)
    with torch.no_grad():
        (a, b), (c, d), (other, _) = (training.decoder.network(x, training.batch(i)[1]) for i in (5, 5, 6))
    assert a.shape == x.shape and torch.equal(a, c) and torch.equal(b, d)
    assert not torch.allclose(a, b, atol=1e-4) and not torch.allclose(a, other, atol=1e-4)


def test_it_is_heard_without_a_trace(task: Callable[[SpectralTraining], SpectralTask]) -> None:
    heard, unheard = task(going_on()), task(going_on())
    sounds = heard.listen()
    assert sorted(sounds) == [f"{name}/{i}" for name in ("after", "before") for i in range(4)]
    assert all(samples.shape == (188 * HOP,) and rate == 8000 for samples, rate in sounds.values())
    assert heard.step(0, 0.5) == unheard.step(0, 0.5)


def test_a_start_that_does_not_fit(start: Path, tmp_path: Path) -> None:
    config = going_on()
    with pytest.raises(UserError, match="choose another --out"):
        run(start, config, start=start)
    with pytest.raises(UserError, match="holds no trained spectral autoencoder"):
        run(tmp_path / "out", config, start=tmp_path)
    (tmp_path / "autoencoder.json").write_text(SPECTRAL_SIZES.model_copy(update={"width": 8}).model_dump_json())
    (tmp_path / "autoencoder.safetensors").write_bytes((start / "autoencoder.safetensors").read_bytes())
    with pytest.raises(UserError, match="holds no trained spectral autoencoder"):
        run(tmp_path / "out", config, start=tmp_path)
    other = tiny_spectral(autoencoder=SPECTRAL_SIZES.model_copy(update={"depth": 2}))
    with pytest.raises(UserError, match=r"has depth 1; set \[autoencoder\] to these sizes"):
        run(tmp_path / "out", other, start=start)
    with pytest.raises(UserError, match="the sounds have 16000 Hz, the autoencoder is for 8000 Hz"):
        run(tmp_path / "out", config, Sines(sample_rate=16000), start=start)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL  # a training that did not start leaves no handler


def test_a_resumed_training_begins_with_what_it_began_with(start: Path, tmp_path: Path) -> None:
    halting, foreign = tmp_path / "halting", tmp_path / "foreign"
    assert run(halting, tiny_spectral(), Halting(), start=start) is False
    assert run(foreign, tiny_spectral(steps=2)) is True
    with pytest.raises(UserError, match="made with another start"):
        run(halting, tiny_spectral(), start=foreign, resume=True)
    with pytest.raises(UserError, match="there is no checkpoint in"):
        run(tmp_path / "typo", tiny_spectral(), resume=True)
    assert not (tmp_path / "typo").exists()


class Halting(Sines):
    """Sines whose training is asked, as by Ctrl-C, to halt after its second step; not while the codec is fitted."""

    def crops(self, index: int, size: int, length: int) -> Tensor:
        if index == 1 and length == HOP * 20:
            signal.raise_signal(signal.SIGINT)
        return super().crops(index, size, length)


class Damaged(Sines):
    """Sines with a sample that is no number in crops of one length."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def crops(self, index: int, size: int, length: int) -> Tensor:
        x = super().crops(index, size, length)
        if index == 1 and length == self.length:
            x[1, 5] = math.nan
        return x


def test_bad_samples_are_said(tmp_path: Path) -> None:
    config = tiny_spectral()
    with pytest.raises(NonFiniteLoss, match="step 1"):
        run(tmp_path / "training", config, Damaged(config.length))
    assert json.loads((tmp_path / "training" / "non_finite.json").read_text())["batch"]["flaws"] == [0, 1]
    with pytest.raises(UserError, match="no finite numbers"):
        run(tmp_path / "fit", config, Damaged(config.fit_length))


def test_sounds_that_do_not_fill_the_latents(tmp_path: Path) -> None:
    class Silence(Sines):
        def crops(self, index: int, size: int, length: int) -> Tensor:
            return torch.zeros(size, length)

    with pytest.raises(UserError, match="of 52 latent channels"):
        run(tmp_path, tiny_spectral(), Silence())


def test_the_batch_must_divide() -> None:
    config = tiny_spectral(batch=3)
    with pytest.raises(UserError, match="a batch of 3 does not divide among 2 processes"):
        train(config, Sines(), RunOptions(Path("unused")), World(0, 2))
