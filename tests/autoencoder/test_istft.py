"""Laws of the spectral decoder: the formula written out, its gradients, and independence of batch and threads."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from soundctm.autoencoder import SpectralAutoencoder, SpectralConfig
from soundctm.autoencoder.spectral import stft
from tests.oracles import spectral as oracle

TINY = SpectralConfig(n_fft=256, frame_hop=64, bands=24, channels=8, width=16, depth=2)
REAL = SpectralConfig(depth=1)  # the embedded model's sizes, so that its kernels and threads are at work


def vivid(config: SpectralConfig, dtype: torch.dtype = torch.float32) -> SpectralAutoencoder:
    """A decoder with random weights all of whose sources sound."""
    generator = torch.Generator().manual_seed(0)
    model = SpectralAutoencoder(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            fan = weight[0].numel() if weight.ndim > 1 else 4
            if not name.endswith("norm.weight"):
                weight.copy_(torch.randn(weight.shape, generator=generator) / fan**0.5)
    return model.to(dtype).eval()


def latents(config: SpectralConfig, batch: int, frames: int) -> Tensor:
    return torch.randn(batch, config.channels, frames, generator=torch.Generator().manual_seed(9))


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def relative(x: Tensor, reference: Tensor) -> float:
    return float((x - reference).abs().max() / reference.abs().max())


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_decoding_is_the_formula(frames: int) -> None:
    model, z = vivid(TINY, torch.float64), latents(TINY, 2, frames).double()
    with torch.no_grad():
        assert relative(model.decode(z, seed=[4, 5]), oracle.decode(model, z, [4, 5])) < 1e-6


@pytest.mark.parametrize("config", [TINY, REAL])
def test_single_precision_differs_by_rounding(config: SpectralConfig) -> None:
    """A bin half way between two peaks may go with the other one by its last bit, so the bound is on the energy."""
    model, z = vivid(config), latents(config, 1, 6)
    with torch.no_grad():
        fast, exact = model.decode(z, seed=[4]), oracle.decode(model, z, [4])
    assert float((fast - exact).norm() / exact.norm()) < 1e-3


def test_gradients_are_those_of_the_formula() -> None:
    model, z = vivid(TINY, torch.float64), latents(TINY, 2, 5).double().requires_grad_()
    noise = torch.randn(2, 5 * model.hop, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    wanted = [z, *model.parameters()]
    fast = model.synthesise(*model.features(z), noise)
    exact = oracle.synthesise(model, *oracle.features(model, z), noise)
    weights = torch.randn(fast.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    grads = torch.autograd.grad((fast * weights).sum(), wanted)
    plain = torch.autograd.grad((exact * weights).sum(), wanted)
    assert all(
        float(b.norm()) > 0 and float((a - b).norm() / b.norm()) < 1e-5 for a, b in zip(grads, plain, strict=True)
    )


def test_gradients_on_or_off_give_one_sound() -> None:
    model, z = vivid(TINY), latents(TINY, 2, 6)
    with torch.no_grad():
        without = model.decode(z, seed=3)
    assert float((model.decode(z, seed=3) - without).detach().norm() / without.norm()) < 1e-3


@pytest.mark.parametrize("config", [TINY, REAL])
def test_an_item_is_the_same_to_the_last_bit_in_any_batch(config: SpectralConfig) -> None:
    model, z = vivid(config), latents(config, 4, 7)
    with torch.inference_mode():
        together = model.decode(z, seed=[1, 2, 3, 4])
        for size in (1, 2, 3):
            parts = [model.decode(z[i : i + size], seed=[1, 2, 3, 4][i : i + size]) for i in range(0, 4, size)]
            assert torch.equal(torch.cat(parts), together)


def test_a_sound_is_the_same_to_the_last_bit_on_any_number_of_threads(threads: None) -> None:
    model, z = vivid(REAL), latents(REAL, 1, 60)
    sounds = []
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        with torch.inference_mode():
            sounds.append(model.decode(z, seed=8))
    assert torch.equal(sounds[0], sounds[1]) and torch.equal(sounds[0], sounds[2])


def test_inference_leaves_weights_and_latents_alone() -> None:
    model, z = vivid(TINY), latents(TINY, 1, 6)
    before = [value.clone() for value in (z, *model.state_dict().values(), model.window)]
    with torch.inference_mode():
        model.decode(z)
    assert all(torch.equal(a, b) for a, b in zip(before, (z, *model.state_dict().values(), model.window), strict=True))


def test_latents_say_how_loud_the_sound_is_when() -> None:
    """With as many components as bands nothing is lost: the power of a frame is that of its spectrum."""
    config = TINY.model_copy(update={"channels": TINY.bands * TINY.stack})
    model = SpectralAutoencoder(config).double()
    x = torch.randn(2, 20 * model.hop, generator=torch.Generator().manual_seed(3)).double() * torch.linspace(
        0, 9, 20 * model.hop
    )
    spectrum = stft(x, config.n_fft, config.frame_hop, model.window)
    with torch.no_grad():
        power = model.frame_power(model.encode(x[:, None]).mean)
    assert power.shape == (2, 20 * config.stack)
    assert relative(power, spectrum.abs().square().sum(1)) < 1e-6
    assert not model.frame_power(model.encode(torch.zeros(1, 1, 640).double()).mean).abs().max() > 1e-12, "silence"
