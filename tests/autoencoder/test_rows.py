"""Convolutions in rows are the convolutions of one dimension, whatever the layout of memory."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from soundctm.autoencoder.dac import DACConfig, GaussianDAC
from soundctm.autoencoder.rows import Conv, UpConv, fast_format, from_rows, lay_out, to_rows
from soundctm.autoencoder.snake import Snake

TINY = DACConfig(
    sample_rate=8000, encoder_dim=4, encoder_rates=(2, 4), decoder_dim=32, decoder_rates=(4, 2), latent_dim=3
)
TURNED = pytest.mark.skipif(
    fast_format(torch.device("cpu"), torch.float32) != torch.channels_last,
    reason="PyTorch was built without oneDNN: memory stays in order on this machine",
)


def signal(channels: int, length: int, batch: int = 2) -> Tensor:
    return torch.randn(batch, channels, length, generator=torch.Generator().manual_seed(length)).double()


def dac(dtype: torch.dtype = torch.float32) -> GaussianDAC:
    """Every snake with a curve of its own."""
    torch.manual_seed(0)
    autoencoder = GaussianDAC(TINY).requires_grad_(False)
    for module in autoencoder.modules():
        if isinstance(module, Snake):
            module.alpha.uniform_(0.3, 2.0)
    return autoencoder.to(dtype)


@pytest.mark.parametrize("laid_out", [False, True])
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "padding"),
    [(7, 1, 1, 3), (7, 1, 9, 27), (1, 1, 1, 0), (8, 4, 1, 2), (3, 1, 1, 1), (10, 5, 1, 3), (5, 1, 2, 0)],
)
def test_a_convolution_in_rows(kernel: int, stride: int, dilation: int, padding: int, laid_out: bool) -> None:
    torch.manual_seed(0)
    plain = nn.Conv1d(3, 5, kernel, stride, padding, dilation).double()
    check(plain, Conv(3, 5, kernel, stride, padding, dilation).double(), laid_out)


@pytest.mark.parametrize("laid_out", [False, True])
@pytest.mark.parametrize("stride", [2, 3, 4, 8])
def test_a_transposed_convolution_in_rows(stride: int, laid_out: bool) -> None:
    torch.manual_seed(0)
    sizes = 3, 5, 2 * stride, stride, -(-stride // 2)
    check(nn.ConvTranspose1d(*sizes).double(), UpConv(*sizes).double(), laid_out)


@pytest.mark.parametrize("laid_out", [False, True])
@pytest.mark.parametrize(
    "options", [{"groups": 3}, {"dilation": 2}, {"groups": 3, "dilation": 3, "stride": 2}, {"groups": 3, "bias": False}]
)
def test_groups_and_dilation_are_not_passed_over(options: dict[str, int], laid_out: bool) -> None:
    torch.manual_seed(0)
    for plain, rows in ((nn.Conv1d, Conv), (nn.ConvTranspose1d, UpConv)):
        check(plain(3, 6, 4, padding=1, **options).double(), rows(3, 6, 4, padding=1, **options).double(), laid_out)


@pytest.mark.parametrize(
    "layer", [Conv(3, 3, 3, padding=1, padding_mode="circular"), UpConv(3, 3, 4, stride=2, output_padding=1)]
)
def test_padding_that_is_not_zeros_on_both_sides_is_refused(layer: nn.Module) -> None:
    with pytest.raises(ValueError, match="pads with zeros, as many before as behind"):
        layer(to_rows(signal(3, 9).float()))


def check(plain: nn.Module, layer: nn.Module, laid_out: bool) -> None:
    """Two layers of the same weights by name: the same signal, the same slopes."""
    layer.load_state_dict(plain.state_dict())
    if laid_out:
        lay_out(layer)
    found = []
    for function, wrapped in ((plain, False), (layer, True)):
        x = signal(3, 41).requires_grad_()
        y = from_rows(function(to_rows(x))) if wrapped else function(x)
        y.square().sum().backward()
        assert x.grad is not None
        found.append([y, x.grad, *(p.grad for p in function.parameters())])
    assert all(torch.allclose(a, b, rtol=1e-10, atol=1e-10) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("batch", [1, 3])
def test_rows_and_back(batch: int) -> None:
    x = signal(3, 17, batch)
    assert to_rows(x).shape == (batch, 3, 1, 17) and torch.equal(from_rows(to_rows(x)), x)


@TURNED
def test_a_signal_is_turned_once() -> None:
    """Every layer between the first and the last reads and writes rows as they lie."""
    autoencoder, turned = dac(), []

    def look(module: nn.Module, given: tuple[Tensor], out: Tensor) -> None:
        turned.append([x.is_contiguous(memory_format=torch.channels_last) for x in (*given, out)])

    for module in autoencoder.decoder.modules():
        if isinstance(module, Conv | UpConv | Snake):
            module.register_forward_hook(look)
    with torch.no_grad():
        autoencoder.decode(signal(3, 11).float())
    assert len(turned) == 31 and all(all(either) for either in turned), turned


@pytest.mark.parametrize("recording", [True, False])
def test_laid_out_weights_are_the_same_weights(recording: bool) -> None:
    plain, laid = dac(torch.float64), dac(torch.float64)
    lay_out(laid)
    before, after = plain.state_dict(), laid.state_dict()
    assert list(before) == list(after) and all(torch.equal(before[name], after[name]) for name in before)
    with torch.set_grad_enabled(recording):
        z, x = signal(3, 12), signal(1, 80)
        assert torch.allclose(plain.decode(z), laid.decode(z), rtol=1e-10, atol=1e-12)
        assert torch.allclose(plain.encode(x).mean, laid.encode(x).mean, rtol=1e-10, atol=1e-12)


@TURNED
def test_laid_out_weights_lie_in_rows_and_stay_so() -> None:
    laid = dac()
    lay_out(laid)
    for autoencoder in (laid, copy.deepcopy(laid), copy.deepcopy(laid).bfloat16()):
        autoencoder.load_state_dict(dac().state_dict())  # copies values into what is there
        layers = [m for m in autoencoder.modules() if isinstance(m, Conv | UpConv)]
        assert layers
        assert all(m.weight[:, :, None].is_contiguous(memory_format=torch.channels_last) for m in layers)


def test_weights_under_normalisation_are_left_alone() -> None:
    layer = Conv(3, 5, 7)
    weight_norm(layer)
    before = layer.weight.stride()
    lay_out(layer)
    assert layer.weight.stride() == before
