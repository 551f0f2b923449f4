"""How far a convolutional decoder looks: which of its inputs a stretch of its output depends on."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple, cast

from torch import nn

from soundctm.autoencoder.rows import Conv, UpConv


class Span(NamedTuple):
    """Positions ``start <= i < stop`` along time, at the rate of wherever it is used."""

    start: int
    stop: int


@dataclass(frozen=True)
class Taps:
    """The reach of one convolution that keeps the rate, or (``stride`` above 1) of one that raises it.

    Input ``n`` touches the outputs ``n * stride - before + (0 ... kernel - 1) * dilation``.
    """

    kernel: int
    before: int
    stride: int = 1
    dilation: int = 1

    def needs(self, out: Span) -> Span:
        """The inputs that the outputs ``out`` depend on, were the signal endless. None can be spared."""
        farthest = (self.kernel - 1) * self.dilation
        first = -((farthest - self.before - out.start) // self.stride)  # rounded up
        return Span(first, (out.stop - 1 + self.before) // self.stride + 1)

    def length(self, frames: int) -> int:
        """Outputs of ``frames`` inputs; all padding is of the kind that cuts outputs from both ends."""
        return (frames - 1) * self.stride + (self.kernel - 1) * self.dilation + 1 - 2 * self.before


def taps_of(layer: nn.Module) -> tuple[Taps, ...]:
    """The convolutions of ``layer`` in order; everything else in it is taken to work on each position alone."""
    found = []
    for module in layer.modules():
        if isinstance(module, Conv | UpConv):
            (kernel,), (stride,), (dilation,) = module.kernel_size, module.stride, module.dilation
            (padding,) = cast(tuple[int], module.padding)
            if isinstance(module, UpConv):
                found.append(Taps(kernel, padding, stride, dilation))
            elif stride == 1:  # the same outputs, counted from the last tap
                found.append(Taps(kernel, (kernel - 1) * dilation - padding, 1, dilation))
            else:
                raise ValueError(f"a convolution of stride {stride} lowers the rate; a decoder raises it")
    return tuple(found)


def needs(taps: Sequence[Taps], out: Span) -> Span:
    """The inputs of a chain of convolutions that its outputs ``out`` depend on."""
    for one in reversed(taps):
        out = one.needs(out)
    return out


def rate(taps: Sequence[Taps]) -> int:
    """Outputs per input of a chain of convolutions."""
    return prod(one.stride for one in taps)


def spans(layers: Sequence[Sequence[Taps]], frames: int, out: Span) -> list[Span]:
    """What each layer has to be given so that the last one gives ``out``, then ``out`` itself: one more than layers.

    ``frames`` is the length of the whole input. All spans end where their signals end.
    """
    lengths = [frames]
    for taps in layers:
        length = lengths[-1]
        for one in taps:
            length = one.length(length)
        lengths.append(length)
    found = [out]
    for taps in reversed(layers):
        found.insert(0, needs(taps, found[0]))
    return [Span(max(0, span.start), min(span.stop, length)) for span, length in zip(found, lengths, strict=True)]
