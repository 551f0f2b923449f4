"""Waveform to the student's latents and back."""

from collections.abc import Callable
from typing import cast

import pytest
import torch

from soundctm.autoencoder import GaussianDAC, Normalizer, SpectralAutoencoder
from soundctm.control.codec import CHUNKS, Codec
from tests.oracles.autoencoder import TINY_SIZES
from tests.oracles.folder import SPECTRAL, stirred
from tests.oracles.linear import LinearAutoencoder, SmearingAutoencoder, plain_codec

HOP = 16


def normalizer(channels: int) -> Normalizer:
    return Normalizer(torch.linspace(-1, 1, channels), torch.linspace(0.5, 2, channels))


def spectral(seed: int = 0) -> Codec:
    torch.manual_seed(0)
    return Codec(stirred(SpectralAutoencoder(SPECTRAL), 2), normalizer(8), seed)


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("length", [1, 15, 16, 17, 160])
def test_what_is_encoded_without_loss_comes_back(length: int) -> None:
    codec, x = Codec(LinearAutoencoder(HOP), normalizer(HOP)), noise(1, 1, length)
    z = codec.encode(x)
    assert z.shape == (1, HOP, -(-length // HOP))
    assert torch.allclose(codec.decode(z, length), x, atol=1e-5)
    whole = codec.decode(z)
    assert whole.shape == (1, 1, z.shape[-1] * HOP)
    assert torch.equal(whole[..., :length], codec.decode(z, length))
    assert torch.allclose(whole[..., length:], torch.zeros(1), atol=1e-5)  # frames are filled up with silence


def test_latents_are_those_that_the_student_knows() -> None:
    autoencoder = LinearAutoencoder(HOP)
    codec, x = Codec(autoencoder, normalizer(HOP)), noise(1, 1, 64)
    raw = autoencoder.encode(x).mean
    expected = (raw - torch.linspace(-1, 1, HOP)[:, None]) / torch.linspace(0.5, 2, HOP)[:, None] * 0.5
    assert torch.allclose(codec.encode(x), expected, atol=1e-6)


def test_the_same_latents_give_the_same_samples() -> None:
    z = noise(1, 8, 6)
    torch.manual_seed(1)
    first = spectral(7).decode(z)
    torch.manual_seed(2)  # the global generator plays no part
    assert torch.equal(spectral(7).decode(z), first)
    assert not torch.allclose(spectral(8).decode(z), first, atol=1e-4)  # the texture of another take


def test_the_codec_knows_rate_and_hop() -> None:
    assert (spectral().sample_rate, spectral().hop) == (8000, 128)


@torch.no_grad()
@pytest.mark.parametrize("make", [lambda: SpectralAutoencoder(SPECTRAL), lambda: GaussianDAC(TINY_SIZES)])
@pytest.mark.parametrize("frames", [1, CHUNKS["cpu"], CHUNKS["cpu"] + 1, 3 * CHUNKS["cpu"] + 5])
def test_a_sound_that_is_decoded_in_pieces_is_the_whole_sound(
    make: Callable[[], SpectralAutoencoder | GaussianDAC], frames: int
) -> None:
    """In double precision: nothing of what a sample depends on is left out at a border."""
    torch.manual_seed(0)
    autoencoder = make()
    stirred(autoencoder, 2).double()
    channels, length = autoencoder.channels, frames * autoencoder.hop - 3
    codec, z = Codec(autoencoder, normalizer(channels).double(), seed=7), noise(1, channels, frames).double()
    whole = autoencoder.decode(codec.normalizer.denormalize(z), 7)
    assert torch.allclose(codec.decode(z, length), whole[..., :length], rtol=0, atol=1e-12) and whole.std() > 1e-3
    assert codec.decode(z).shape == whole.shape == (1, 1, frames * autoencoder.hop)
    with torch.enable_grad():
        assert torch.equal(codec.decode(z.requires_grad_()), whole)


def test_gradients_flow_through_the_decoder() -> None:
    z = noise(1, 8, 6).requires_grad_()
    spectral().decode(z, 700).square().sum().backward()
    assert z.grad is not None and torch.isfinite(z.grad).all() and z.grad.abs().amax((0, 1)).min() > 0


@pytest.mark.parametrize(("frames", "margin"), [(12, 2), (12, 5), (3, 4), (1, 4)])
def test_a_circle_runs_on_into_its_own_beginning(frames: int, margin: int) -> None:
    """Also where the margin goes more than once round."""
    codec, z, tail = plain_codec(SmearingAutoencoder(reach=2, hop=HOP)), noise(1, HOP, frames), 20
    x = codec.decode_circle(z, margin, tail)
    length = frames * HOP
    assert x.shape == (1, 1, length + tail)
    ahead = min(tail, length, (margin - 2) * HOP)  # past that the decoder misses neighbours
    assert torch.allclose(x[..., length : length + ahead], x[..., :ahead], atol=1e-5)


def test_a_circle_may_be_entered_anywhere() -> None:
    codec, z = plain_codec(SmearingAutoencoder(reach=2, hop=HOP)), noise(1, HOP, 10)
    x = codec.decode_circle(z, 2, 0)
    for turn in (1, 5, -3):
        turned = codec.decode_circle(z.roll(turn, -1), 2, 0)
        assert torch.allclose(turned, x.roll(turn * HOP, -1), atol=1e-5)
    line = codec.decode(z)
    assert torch.allclose(line[..., 2 * HOP : -2 * HOP], x[..., 2 * HOP : -2 * HOP], atol=1e-5)
    assert not torch.allclose(line, x, atol=1e-2)  # at its ends a line misses neighbours


def test_a_circle_of_the_spectral_decoder_has_the_length_of_its_frames() -> None:
    z = noise(1, 8, 5)
    x = spectral(3).decode_circle(z, 16, 400)
    assert x.shape == (1, 1, 5 * 128 + 400) and torch.isfinite(x).all()
    assert torch.equal(spectral(3).decode_circle(z, 16, 400), x)


def test_a_tail_beyond_the_margin_is_refused() -> None:
    codec = plain_codec(LinearAutoencoder(HOP))
    assert codec.decode_circle(noise(1, HOP, 4), 2, 32).shape[-1] == 96
    with pytest.raises(ValueError, match="a tail of 33 samples does not fit into 2 frames of 16"):
        codec.decode_circle(noise(1, HOP, 4), 2, 33)


def test_power_is_read_from_latents_where_the_autoencoder_can() -> None:
    codec = spectral()
    z = noise(1, 8, 6)
    read = codec.power(z, 5 * codec.hop + 1)
    assert read is not None
    power, seconds = read
    autoencoder = cast(SpectralAutoencoder, codec.autoencoder)
    assert torch.equal(power, autoencoder.frame_power(codec.normalizer.denormalize(z))[0, : len(power)])
    assert (len(power) - 1) * SPECTRAL.frame_hop < 5 * codec.hop + 1 <= len(power) * SPECTRAL.frame_hop
    assert seconds == SPECTRAL.frame_hop / SPECTRAL.sample_rate
    assert Codec(GaussianDAC(TINY_SIZES), normalizer(4)).power(z, 9) is None
