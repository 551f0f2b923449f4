"""Decoding piece by piece gives what decoding at once gives, from bounded memory."""

import pytest
import torch
from torch import Tensor

from soundctm.autoencoder import DACConfig, GaussianDAC, SpectralAutoencoder, SpectralConfig
from soundctm.autoencoder.chunks import Autoencoder, LocalAutoencoder, decode_chunked, decode_chunks
from soundctm.autoencoder.snake import Snake
from soundctm.errors import UserError

TINY = DACConfig(
    sample_rate=8000, encoder_dim=4, encoder_rates=(2, 4), decoder_dim=16, decoder_rates=(4, 2), latent_dim=3
)
SIZES = {
    "tiny": TINY,
    "fast": TINY.model_copy(update={"encoder_rates": (2, 2), "decoder_rates": (2, 2)}),
    "odd": TINY.model_copy(update={"encoder_rates": (3, 5), "decoder_rates": (5, 3)}),
    "deep": TINY.model_copy(update={"encoder_rates": (2, 2, 8), "decoder_rates": (8, 2, 2)}),
}
SPECTRAL = SpectralConfig(
    sample_rate=8000, n_fft=256, frame_hop=64, bands=24, stack=2, channels=8, width=16, depth=2, mult=2, kernel=3
)


def dac(sizes: DACConfig = TINY, dtype: torch.dtype = torch.float64) -> GaussianDAC:
    torch.manual_seed(0)
    autoencoder = GaussianDAC(sizes, checkpointing=True).requires_grad_(False)
    for module in autoencoder.modules():
        if isinstance(module, Snake):
            module.alpha.uniform_(0.3, 2.0)
    return autoencoder.to(dtype)


def latents(frames: int, channels: int = 3, batch: int = 2) -> Tensor:
    return torch.randn(batch, channels, frames, generator=torch.Generator().manual_seed(1)).double()


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("frames", [1, 7, 60])
@pytest.mark.parametrize("chunk_frames", [1, 5, 16, 59, 60, 100])
def test_pieces_join_to_the_whole(sizes: str, frames: int, chunk_frames: int) -> None:
    autoencoder, z = dac(SIZES[sizes]), latents(frames)
    whole = autoencoder.decode(z)
    with torch.no_grad():
        pieces = list(decode_chunks(autoencoder, z, 0, chunk_frames))
    assert len(pieces) == -(-frames // chunk_frames)
    assert all(piece.shape == (2, 1, chunk_frames * autoencoder.hop) for piece in pieces[:-1])
    assert torch.allclose(torch.cat(pieces, -1), whole, rtol=0, atol=1e-13) and whole.std() > 1e-3
    assert torch.equal(decode_chunked(autoencoder, z, 0, chunk_frames), torch.cat(pieces, -1))


@pytest.mark.parametrize("chunk_frames", [3, 20])
def test_in_float32_up_to_rounding(chunk_frames: int) -> None:
    autoencoder, z = dac(dtype=torch.float32), latents(50).float()
    difference = decode_chunked(autoencoder, z, 0, chunk_frames) - autoencoder.decode(z)
    assert difference.abs().max() < 1e-6


@pytest.mark.parametrize("sizes", SIZES)
def test_context_is_enough_and_none_of_it_can_be_spared(sizes: str) -> None:
    autoencoder, z = dac(SIZES[sizes]), latents(90)
    context, hop, where = autoencoder.context_frames, autoencoder.hop, 45
    whole = autoencoder.decode(z)[..., where * hop : (where + 1) * hop]

    def error(frames: int) -> float:
        around = autoencoder.decode(z[..., where - frames : where + frames + 1])
        return float((around[..., frames * hop : (frames + 1) * hop] - whole).abs().max())

    assert error(context) < 1e-14 < error(context - 1)


def test_gradients_reach_the_context_and_no_farther() -> None:
    autoencoder, z = dac(), latents(90).requires_grad_()
    samples = autoencoder.decode(z)[..., 45 * autoencoder.hop : 46 * autoencoder.hop]
    (slope,) = torch.autograd.grad(samples.square().sum(), z)
    reached = slope.abs().sum((0, 1)).nonzero().flatten() - 45
    assert max(-int(reached.min()), int(reached.max())) == autoencoder.context_frames


def test_context_of_the_paper() -> None:
    with torch.device("meta"):
        assert GaussianDAC(DACConfig()).context_frames == 10  # 0.23 s


def test_gradients_of_pieces_are_those_of_the_whole() -> None:
    autoencoder, slopes = dac(), []
    for pieces in (False, True):
        z = latents(40).requires_grad_()
        x = decode_chunked(autoencoder, z, 0, 9) if pieces else autoencoder.decode(z)
        (slope,) = torch.autograd.grad(x.square().sum(), z)
        slopes.append(slope)
    assert torch.allclose(*slopes, rtol=1e-9, atol=1e-12) and slopes[0].abs().max() > 1e-3


def test_a_piece_is_computed_when_it_is_asked_for() -> None:
    autoencoder, lengths = dac(), []
    autoencoder.decoder.model[0].register_forward_pre_hook(lambda _, given: lengths.append(given[0].shape[-1]))
    pieces = decode_chunks(autoencoder, latents(400), 0, 10)
    assert lengths == []
    for start in (0, 10, 20):
        next(pieces)
        before = min(start, autoencoder.context_frames)
        assert lengths.pop() == before + 10 + autoencoder.context_frames and not lengths


def test_the_largest_signal_goes_by_the_piece_not_the_clip() -> None:
    def largest(frames: int, chunk_frames: int) -> int:
        autoencoder, sizes = dac(), [0]
        for module in autoencoder.decoder.modules():
            module.register_forward_hook(lambda _, given, out: sizes.append(out.numel()))
        for _ in decode_chunks(autoencoder, latents(frames), 0, chunk_frames):
            pass
        return max(sizes)

    assert largest(200, 20) == largest(400, 20) < 0.35 * largest(200, 200)
    # What is computed beside the piece is little: each layer is given only what the next ones need.
    context = dac().context_frames
    assert largest(400, 20) < 0.9 * largest(20 + 2 * context, 20 + 2 * context)


@pytest.mark.parametrize("chunk_frames", [0, -3])
def test_pieces_have_a_length(chunk_frames: int) -> None:
    with pytest.raises(UserError, match=f"chunk_frames is {chunk_frames}; give"):
        decode_chunks(dac(), latents(4), 0, chunk_frames)


def test_the_spectral_autoencoder_comes_whole() -> None:
    torch.manual_seed(0)
    autoencoder, z = SpectralAutoencoder(SPECTRAL).requires_grad_(False), latents(40, 8).float()
    assert isinstance(dac(), LocalAutoencoder) and not isinstance(autoencoder, LocalAutoencoder)
    same: Autoencoder = autoencoder
    for seed in (3, [4, 5]):
        (piece,) = decode_chunks(same, z, seed, 7)
        assert torch.equal(piece, autoencoder.decode(z, seed))


def test_the_spectral_autoencoder_is_not_local() -> None:
    """Its first frame is heard in its last: no context is enough."""
    torch.manual_seed(0)
    autoencoder = SpectralAutoencoder(SPECTRAL).requires_grad_(False)
    z = latents(400, 8, 1).float()
    z[..., 1:] = z[..., 1:2]  # a steady sound, so that its phases run on
    other = z.clone()
    other[..., 0] += 2
    last = slice(-4 * autoencoder.hop, None)
    difference = (autoencoder.decode(z, 0) - autoencoder.decode(other, 0))[..., last]
    assert difference.abs().max() > 1e-3 * autoencoder.decode(z, 0)[..., last].std()
