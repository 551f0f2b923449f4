"""The networks as one program each: what lies between their products is fused, and launched at once on GPUs.

A program is made for one batch and one length. Takes that share a batch make batches of every size: they are filled up
to the next power of two. Padding to a few lengths as well would need a mask in every attention, which costs more than
it saves, and would let the padding into convolutions. So programs are made as lengths come up, and the last few are
kept. Making one takes seconds to a minute the first time on a machine, and seconds in later processes, which find the
code (:mod:`soundctm.engines.artefacts`); an engine that is to answer its first question at once is the eager one.
"""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from soundctm.autoencoder import GaussianDAC
from soundctm.autoencoder.reach import Span as Stretch
from soundctm.autoencoder.reach import rate, spans
from soundctm.autoencoder.rows import fast_format, from_rows, to_rows
from soundctm.autoencoder.snake import has_c_compiler
from soundctm.backbones import DiT
from soundctm.backbones.embeddings import WHOLE, Span
from soundctm.backbones.text import TextMemory
from soundctm.engines import eager
from soundctm.engines.accelerated import AcceleratedStudent
from soundctm.engines.artefacts import Record
from soundctm.engines.direct import direct
from soundctm.engines.options import Precision
from soundctm.engines.programs import Programs
from soundctm.engines.swap import redone
from soundctm.errors import UserError

# The layout of a convolution asks PyTorch how it was built, which a compiler does not follow; the answer never changes.
torch.compiler.assume_constant_result(fast_format)

USUAL_CXX = {"darwin": "clang++", "win32": "cl"}  # the one that PyTorch looks for, where it is not g++


def build(
    student: DiT, autoencoder: nn.Module, precision: Precision, device: torch.device, *, recorded_only: bool = False
) -> tuple[nn.Module, nn.Module]:
    """Student and autoencoder of :func:`soundctm.engines.eager.build`, their student's ``core`` and the decoder of a
    DAC compiled, on GPUs as CUDA graphs. A graph belongs to the thread that first ran it: there, let one thread
    compute. With ``recorded_only`` nothing waits for the compiler, and no first take for a program to be loaded: shapes
    of which none has been made on this machine, and those that have not come up often in this process, are computed
    layer by layer.

    The spectral autoencoder is as it is: most of its time goes into Fourier transforms and look-ups, which a compiler
    makes no faster, and all in all it is slower compiled.

    Raises :class:`soundctm.errors.UserError` where there is no compiler, or as the eager engine does.
    """
    need_compiler(device)
    record = Record.of(student, autoencoder, precision, device)
    programs = partial(Programs, record=record, graphs=device.type == "cuda", recorded_only=recorded_only)
    plain, decoder = eager.converted(student, autoencoder, precision, device)
    plain = direct(plain)
    quick = AcceleratedStudent(plain, CompiledCore(plain.core, programs("core")))
    if isinstance(decoder, GaussianDAC):
        part = CompiledDecoder(decoder, programs("decoder"))
        decoder = redone(decoder, decode=part.decode, decode_part=part.decode_part)
    return eager.settled(quick, decoder, precision, device)


def compiled_before(student: DiT, autoencoder: nn.Module, precision: Precision, device: torch.device) -> bool:
    """Whether programs of this model, precision and device are on this machine already, of whatever shapes, and what
    runs them."""
    return can_compile(device) and bool(Record.of(student, autoencoder, precision, device).names())


def can_compile(device: torch.device) -> bool:
    """Whether there is what compiles for a device."""
    try:
        need_compiler(device)
    except UserError:
        return False
    return True


def need_compiler(device: torch.device) -> None:
    """Raise :class:`UserError` where nothing can be compiled."""
    if device.type == "cuda":
        if find_spec("triton") is None:
            raise UserError("engine is 'compiled', but Triton is not installed; pip install triton, or choose eager")
        if not has_c_compiler():
            raise UserError(
                "engine is 'compiled', but there is no C compiler, with which Triton starts its kernels; install gcc, "
                "name another one in CC, or choose eager"
            )
        return
    if device.type != "cpu":
        raise UserError(f"engine is 'compiled' on {device.type}; accepted are cuda and cpu, so choose eager")
    name = os.environ.get("CXX") or USUAL_CXX.get(sys.platform, "g++")
    if not shutil.which(name):
        raise UserError(
            f"engine is 'compiled', but there is no C++ compiler {name!r}; install it, name another one in CXX, or "
            "choose eager"
        )


def filled(value: Tensor | None, rows: int, dim: int = 0) -> Tensor | None:
    """A tensor with its last item as often as it takes to have so many."""
    if value is None or value.shape[dim] == rows:
        return value
    return value.index_select(dim, torch.arange(rows, device=value.device).clamp_max(value.shape[dim] - 1))


class CompiledCore:
    """``core`` of a student (:class:`soundctm.engines.accelerated.Core`), compiled."""

    def __init__(self, core: Callable[..., Tensor], programs: Programs) -> None:
        self.core, self.programs = core, programs

    def __call__(self, x: Tensor, level: Tensor, text: TextMemory, span: Span = WHOLE) -> Tensor:
        core = self.core

        def run(
            x: Tensor, level: Tensor, keys: Tensor | None, values: Tensor | None, mask: Tensor | None,
            constants: Tensor | None, span: Span,
        ) -> Tensor:  # fmt: skip
            return core(x, level, TextMemory(keys, values, mask, constants, None), span)

        rows = 1 << (len(x) - 1).bit_length()
        along = (
            (x, 0), (level, 0), (text.keys, 1), (text.values, 1), (text.mask, 0), (text.constants, 1), (span, 0),
        )  # fmt: skip
        inputs = [filled(value, rows, dim) for value, dim in along]
        return self.programs.run(run, inputs)[: len(x)] if self.programs.offer(inputs) else core(x, level, text, span)


class CompiledDecoder:
    """How a DAC decodes, compiled; arguments as for :class:`soundctm.autoencoder.GaussianDAC`."""

    def __init__(self, autoencoder: GaussianDAC, programs: Programs) -> None:
        self.autoencoder, self.programs = autoencoder, programs

    def decode(self, z: Tensor, seed: int | Sequence[int] = 0) -> Tensor:
        """The whole waveform."""
        decode = self.autoencoder.decode

        def run(z: Tensor) -> Tensor:
            return decode(z)

        return self.programs.run(run, (z,)) if self.programs.offer((z,)) else run(z)

    def decode_part(self, z: Tensor, start: int, stop: int) -> Tensor:
        """A part of it. What a layer need not compute is worked out before, so that all parts of one length in the
        middle of a sound have one program."""
        autoencoder = self.autoencoder
        decoder, hop = autoencoder.decoder, autoencoder.hop
        given, *wanted = spans(decoder.taps, z.shape[-1], Stretch(start * hop, stop * hop))
        cuts, begin = [], given.start
        for taps, span in zip(decoder.taps, wanted, strict=True):
            first = begin * rate(taps)
            cuts += [span.start - first, span.stop - first]
            begin = span.start

        def run(z: Tensor, *cuts: int) -> Tensor:
            x = to_rows(autoencoder.post_conv(z))
            for layer, first, last in zip(decoder.model, cuts[::2], cuts[1::2], strict=True):
                x = layer(x)[..., first:last]
            return from_rows(x)

        inputs, numbers = (z[..., given.start : given.stop],), tuple(cuts)
        return self.programs.run(run, inputs, numbers) if self.programs.offer(inputs, numbers) else run(*inputs, *cuts)
