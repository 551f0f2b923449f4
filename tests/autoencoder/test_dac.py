"""The decoder of the paper, with less memory for the way back: the same sound, the same slopes."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundctm.autoencoder import Normalizer
from soundctm.autoencoder.dac import DACConfig, GaussianDAC, ResidualUnit, Snake
from soundctm.control import Codec, LossGuidance
from soundctm.trajectory import Landing, jump
from tests.oracles.gaussian import GaussianStudent, text

TINY = DACConfig(
    sample_rate=8000, encoder_dim=4, encoder_rates=(2, 4), decoder_dim=16, decoder_rates=(4, 2), latent_dim=3
)


def dac(checkpointing: bool) -> GaussianDAC:
    """The same weights either way, every snake with a curve of its own."""
    torch.manual_seed(0)
    autoencoder = GaussianDAC(TINY, checkpointing)
    with torch.no_grad():
        for module in autoencoder.modules():
            if isinstance(module, Snake):
                module.alpha.uniform_(0.3, 2.0)
    return autoencoder


def latents(frames: int = 12) -> Tensor:
    return torch.randn(2, TINY.latent_dim, frames, generator=torch.Generator().manual_seed(1))


def slopes(autoencoder: GaussianDAC) -> tuple[Tensor, dict[str, Tensor]]:
    """Slopes of the mean square of a decoded sound, by its latents and by every weight of the decoder."""
    z = latents().requires_grad_()
    autoencoder.decode(z).square().sum().backward()
    assert z.grad is not None
    return z.grad, {name: p.grad for name, p in autoencoder.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("recording", [True, False])
def test_checkpointing_changes_no_sample(recording: bool) -> None:
    with torch.set_grad_enabled(recording):
        x, y = (dac(checkpointing).decode(latents()) for checkpointing in (True, False))
    assert x.shape == (2, 1, 12 * 8) and torch.equal(x, y) and x.std() > 1e-3
    assert x.requires_grad == recording


def test_checkpointing_changes_no_slope() -> None:
    (by_z, by_weight), (plain_z, plain_weight) = (slopes(dac(checkpointing)) for checkpointing in (True, False))
    assert torch.equal(by_z, plain_z) and by_z.abs().max() > 0
    assert by_weight.keys() == plain_weight.keys() and len(by_weight) > 20
    assert all(torch.equal(by_weight[name], plain_weight[name]) for name in by_weight)


def test_checkpointing_keeps_less() -> None:
    """Numbers that are kept for the way back, each piece of memory once."""

    def kept(checkpointing: bool) -> int:
        pieces: dict[int, int] = {}

        def pack(x: Tensor) -> Tensor:
            pieces[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
            return x

        autoencoder = dac(checkpointing).requires_grad_(False)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
            out = autoencoder.decode(latents(200).requires_grad_())
        assert out.requires_grad
        return sum(pieces.values())

    assert kept(True) < 0.5 * kept(False)


def in_one_dimension(layer: nn.Module, x: Tensor) -> Tensor:
    """A layer of ``[B, C, T]`` as the paper's equations read, from the module's weights and settings alone."""
    if isinstance(layer, nn.ConvTranspose1d):
        return F.conv_transpose1d(x, layer.weight, layer.bias, layer.stride, layer.padding)
    if isinstance(layer, nn.Conv1d):
        return F.conv1d(x, layer.weight, layer.bias, layer.stride, layer.padding, layer.dilation)
    if isinstance(layer, Snake):
        return x + torch.sin(layer.alpha * x) ** 2 / (layer.alpha + 1e-9)
    if isinstance(layer, nn.Tanh):
        return torch.tanh(x)
    y = x
    for child in layer.children():
        y = in_one_dimension(child, y)
    return x + y if isinstance(layer, ResidualUnit) else y


@pytest.mark.parametrize("recording", [True, False])
def test_both_halves_are_the_equations(recording: bool) -> None:
    autoencoder, z = dac(False).double(), latents().double()
    x = torch.randn(2, 1, 80, generator=torch.Generator().manual_seed(2)).double()
    with torch.set_grad_enabled(recording):
        decoded = in_one_dimension(autoencoder.decoder, in_one_dimension(autoencoder.post_conv, z))
        assert torch.allclose(autoencoder.decode(z), decoded, rtol=0, atol=1e-13)
        mean = in_one_dimension(autoencoder.pre_conv, in_one_dimension(autoencoder.encoder, x))[:, :3]
        assert torch.allclose(autoencoder.encode(x).mean, mean, rtol=0, atol=1e-13)
    assert decoded.std() > 1e-3 and mean.std() > 1e-3


def test_decoding_leaves_latents_and_weights_as_they_are() -> None:
    """Where no gradients are recorded, layers work in place: on what nobody else holds."""
    autoencoder, z = dac(False), latents()
    before = {name: value.clone() for name, value in autoencoder.state_dict().items()}
    with torch.inference_mode():
        first, second = autoencoder.decode(z), autoencoder.decode(z)
    assert torch.equal(first, second) and torch.equal(z, latents())
    assert all(torch.equal(value, before[name]) for name, value in autoencoder.state_dict().items())


def test_checkpointing_is_no_weight() -> None:
    assert dac(True).state_dict().keys() == dac(False).state_dict().keys()


@pytest.mark.parametrize("strength", [0.02, 0.2])
def test_guidance_goes_through_a_frugal_decoder_where_nothing_else_is_recorded(strength: float) -> None:
    """As in a trajectory, which runs without gradients: the loss falls, and the landing is that of the plain one."""
    z, prompt = 5 * latents(), text(0.3, dtype=torch.float32).expand(2)
    student = partial(jump, GaussianStudent(), omega=1.0, conditioning=prompt)
    normalizer = Normalizer(torch.linspace(-1, 1, 3), torch.linspace(0.5, 2, 3))
    landed = []
    for checkpointing in (True, False):
        codec = Codec(dac(checkpointing).requires_grad_(False), normalizer)
        loss = lambda clean, codec=codec: (codec.decode(clean) - 0.5).square().mean((1, 2))
        with torch.no_grad():
            where = Landing(z, 5.0, student(z, t=5.0, s=1.0), 1.0, 1, 4, partial(student, t=5.0, s=0.002))
            landed.append(LossGuidance(loss, strength)(where))
            before, after = (loss(student(x, t=1.0, s=0.002)) for x in (where.z_s, landed[-1]))
        assert not landed[-1].requires_grad and (after < before).all()
    assert torch.equal(*landed) and not torch.equal(landed[0], where.z_s)
