"""Spans that are needed: against what gradients reach."""

import pytest
import torch
from torch import Tensor, nn

from soundctm.autoencoder.reach import Span, Taps, needs, rate, spans, taps_of
from soundctm.autoencoder.rows import Conv, UpConv

LAYERS: dict[str, tuple[nn.Module, ...]] = {
    "plain": (Conv(1, 1, 7, padding=3),),
    "dilated": (Conv(1, 1, 7, padding=27, dilation=9),),
    "one-sided": (Conv(1, 1, 5, padding=1),),
    "even": (UpConv(1, 1, 8, stride=4, padding=2),),
    "odd": (UpConv(1, 1, 10, stride=5, padding=3),),
    "short": (UpConv(1, 1, 3, stride=3),),
    "chain": (Conv(1, 1, 3, padding=1), UpConv(1, 1, 4, stride=2, padding=1), Conv(1, 1, 3, padding=2, dilation=2)),
}  # fmt: skip


def reached(chain: nn.Module, length: int, out: Span) -> tuple[int, Span]:
    """How many outputs ``length`` inputs have, and from where to where they touch those of ``out``."""
    with torch.no_grad():
        for parameter in chain.parameters():
            parameter.fill_(1.0)
    x = torch.zeros(1, 1, 1, length, requires_grad=True)
    y: Tensor = chain(x)
    y[..., out.start : out.stop].sum().backward()
    assert x.grad is not None
    touched = x.grad.flatten().nonzero().flatten()
    return y.shape[-1], Span(int(touched.min()), int(touched.max()) + 1)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("where", range(11))
@pytest.mark.parametrize("width", [1, 2, 7])
def test_needs_is_what_gradients_reach(name: str, where: int, width: int) -> None:
    chain, middle = nn.Sequential(*LAYERS[name]), 80  # far from both ends
    taps = taps_of(chain)
    out = Span(middle * rate(taps) + where, middle * rate(taps) + where + width)
    assert reached(chain, 200, out)[1] == needs(taps, out)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("length", [9, 10, 31])
def test_spans_end_where_the_signal_ends(name: str, length: int) -> None:
    chain = nn.Sequential(*LAYERS[name])
    total = reached(chain, length, Span(0, 1))[0]
    layers = [taps_of(layer) for layer in chain]
    whole = spans(layers, length, Span(-5, 10**6))
    assert len(whole) == len(layers) + 1 and whole[0] == Span(0, length) and whole[-1] == Span(0, total)
    for out in (Span(0, 1), Span(total - 1, total), Span(total // 2, total // 2 + 1)):
        found = spans(layers, length, out)
        touched = reached(chain, length, out)[1]
        assert found[-1] == out and found[0].start <= touched.start and touched.stop <= found[0].stop
        assert found[0] == touched or name == "dilated"  # near an end, its outer taps may all lie outside


def test_only_convolutions_that_keep_or_raise_the_rate() -> None:
    assert taps_of(nn.Sequential(nn.Tanh(), nn.Identity())) == ()
    assert taps_of(Conv(1, 1, 3, padding=1)) == (Taps(3, 1),)
    with pytest.raises(ValueError, match="stride 2 lowers the rate"):
        taps_of(Conv(1, 1, 4, stride=2))
