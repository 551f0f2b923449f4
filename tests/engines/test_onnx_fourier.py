"""Transforms in real products are those of torch."""

import pytest
import torch

from soundctm.autoencoder.spectral import istft, stft
from soundctm.engines.onnx.fourier import RealFourier, ShortTimeFourier
from soundctm.errors import UserError


@pytest.mark.parametrize("n", [2048, 256, 60, 18, 15, 7])
def test_a_transform_is_that_of_torch_and_its_way_back_the_identity(n: int) -> None:
    x = torch.randn(2, 5, n, generator=torch.Generator().manual_seed(0))
    fourier = RealFourier(n)
    spectrum, wanted = fourier(x), torch.fft.rfft(x)
    assert spectrum.shape == (2, 5, 2, n // 2 + 1)
    scale = float(wanted.abs().max())
    assert torch.allclose(spectrum[:, :, 0], wanted.real, atol=2e-6 * scale)
    assert torch.allclose(spectrum[:, :, 1], wanted.imag, atol=2e-6 * scale)
    assert torch.allclose(fourier.inverse(spectrum), x, atol=1e-5)


def test_the_way_back_ignores_what_a_real_signal_cannot_have() -> None:
    spectrum = torch.randn(1, 3, 2, 9, generator=torch.Generator().manual_seed(1))
    wanted = torch.fft.irfft(torch.complex(spectrum[:, :, 0], spectrum[:, :, 1]), n=16)
    assert torch.allclose(RealFourier(16).inverse(spectrum), wanted, atol=1e-6)


@pytest.mark.parametrize(("n_fft", "hop"), [(2048, 512), (256, 64), (18, 6), (32, 32)])
def test_frames_are_those_of_the_autoencoder(n_fft: int, hop: int) -> None:
    window = torch.hann_window(n_fft)
    x = torch.randn(2, 7 * hop, generator=torch.Generator().manual_seed(2))
    wanted = stft(x, n_fft, hop, window).transpose(1, 2)
    frame = ShortTimeFourier(n_fft, hop)
    got = frame(x)
    assert torch.allclose(torch.complex(got[:, :, 0], got[:, :, 1]), wanted, atol=2e-6 * n_fft)
    spectrum = torch.randn(2, 7, 2, n_fft // 2 + 1, generator=torch.Generator().manual_seed(3))
    back = istft(torch.complex(spectrum[:, :, 0], spectrum[:, :, 1]).transpose(1, 2), n_fft, hop, window)
    assert torch.allclose(frame.inverse(spectrum), back, rtol=1e-4, atol=1e-5 * float(back.abs().max()))


@pytest.mark.parametrize(("n_fft", "hop"), [(100, 30), (9, 4), (10, 5)])
def test_frames_that_are_no_whole_hops_are_refused(n_fft: int, hop: int) -> None:
    with pytest.raises(UserError, match=f"n_fft {n_fft} and frame_hop {hop}"):
        ShortTimeFourier(n_fft, hop)
