"""A student as three graphs: what a prompt needs once, what a step needs once, and all the rest."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from soundctm.backbones import DiT
from soundctm.backbones.text import Context, TextMemory
from soundctm.conditioning import Conditioning
from soundctm.engines.onnx.graph import Graph, Outputs, Port, Sizes, peak_error, trials

TOLERANCE = 1e-4
BATCHES: tuple[Sizes, ...] = ({"batch": 1}, {"batch": 2}, {"batch": 5})
MODULATIONS_AND_HEAD = 8  # rows of a level in the adaLN form


class StudentText(nn.Module):
    """:meth:`DiT.prepare` for any mask: keys and values, or constants where there is a ``single`` token; then the
    pooled text, if the student has it."""

    def __init__(self, student: DiT, single: bool) -> None:
        super().__init__()
        self.student, self.single = student, single

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Outputs:
        embedded = self.student.to_cond_embed(tokens)
        context = Context(embedded, mask)
        attentions = [block.cross_attn for block in self.student.blocks]
        if self.single:
            memory = TextMemory.of([attention.remember(context) for attention in attentions], None)  # type: ignore[operator,union-attr]
        else:
            memory = TextMemory.of([attention.read(context) for attention in attentions], None)  # type: ignore[operator,union-attr]
        pooled = None
        if self.student.to_pooled is not None:
            weight = torch.ones_like(tokens[..., :1]) if mask is None else mask.to(tokens.dtype)[..., None]
            pooled = self.student.to_pooled((embedded * weight).sum(1) / weight.sum(1))
        return tuple(x for x in (memory.keys, memory.values, memory.constants, pooled) if x is not None)


class Levels(nn.Module):
    """:meth:`DiT.embed`."""

    def __init__(self, student: DiT) -> None:
        super().__init__()
        self.student = student

    def forward(self, c_noise_t: Tensor, c_noise_s: Tensor, omega: Tensor, pooled: Tensor | None = None) -> Tensor:
        return self.student.embed(c_noise_t, c_noise_s, omega, pooled)


class CoreOfKeys(nn.Module):
    """:meth:`DiT.core` over keys and values."""

    def __init__(self, student: DiT) -> None:
        super().__init__()
        self.student = student

    def forward(
        self, x: Tensor, level: Tensor, keys: Tensor, values: Tensor, text_mask: Tensor, span: Tensor | None = None
    ) -> Tensor:
        return self.student.core(x, level, TextMemory(keys, values, text_mask, None, None), span)


class CoreOfConstants(nn.Module):
    """:meth:`DiT.core` over the constants of a single token."""

    def __init__(self, student: DiT) -> None:
        super().__init__()
        self.student = student

    def forward(self, x: Tensor, level: Tensor, constants: Tensor, span: Tensor | None = None) -> Tensor:
        return self.student.core(x, level, TextMemory(None, None, None, constants, None), span)


def student_graphs(student: DiT, single: bool) -> tuple[Graph, Graph, Graph]:
    """The graphs ``text``, ``levels`` and ``core``. ``single``: texts are one token, as those of CLAP are."""
    return text_graph(student, single), levels_graph(student), core_graph(student, single)


def _memory_ports(student: DiT, single: bool) -> tuple[Port, ...]:
    config = student.config
    if single:
        return (Port("constants", (config.depth, "batch", 1, config.width), "what each block adds for the text"),)
    shape = (config.depth, "batch", config.heads, "tokens", config.head_dim)
    return Port("keys", shape, "keys of each block"), Port("values", shape, "values of each block")


def _pooled_port(student: DiT) -> tuple[Port, ...]:
    return (Port("pooled", ("batch", student.config.width), "text that joins the level"),) if student.to_pooled else ()


def _text(student: DiT, sizes: Sizes, single: bool, generator: torch.Generator) -> Conditioning:
    """Random tokens; the last item ends in padding where it has room for some."""
    batch, tokens = sizes["batch"], 1 if single else sizes["tokens"]
    mask = torch.ones(batch, tokens, dtype=torch.bool)
    mask[-1, (tokens + 1) // 2 :] = False
    return Conditioning(torch.randn(batch, tokens, student.config.context_dim, generator=generator), mask)


def _levels(student: DiT, sizes: Sizes, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """``ln(t) / 4``, ``ln(s) / 4`` over the range of the noise levels, and guidance scales."""
    t, s = torch.rand(2, sizes["batch"], generator=generator) * 2.6 - 1.5
    return torch.maximum(t, s), torch.minimum(t, s), 1 + 6 * torch.rand(sizes["batch"], generator=generator)


def text_graph(student: DiT, single: bool) -> Graph:
    """Tokens ``[B, N, D]`` to what the blocks keep of them."""
    masked = student.to_pooled is not None and not single
    tokens: int | str = 1 if single else "tokens"
    inputs = [Port("tokens", ("batch", tokens, student.config.context_dim), "of the text encoder")]
    if masked:
        inputs.append(Port("text_mask", ("batch", tokens), "of the text encoder", "bool"))

    def draw(sizes: Sizes, generator: torch.Generator) -> Outputs:
        text = _text(student, sizes, single, generator)
        return (text.tokens, text.mask) if masked else (text.tokens,)

    def reference(given: Tensor, mask: Tensor | None = None) -> Outputs:
        real = torch.ones(given.shape[:2], dtype=torch.bool) if mask is None else mask
        memory = student.prepare(Conditioning(given, real)).memory
        return tuple(x for x in (memory.keys, memory.values, memory.constants, memory.pooled) if x is not None)

    sizes = BATCHES if single else trials("tokens", (2, 5, 13))
    return Graph(
        "text", StudentText(student, single), tuple(inputs), _memory_ports(student, single) + _pooled_port(student),
        draw, reference, sizes, peak_error, TOLERANCE,
    )  # fmt: skip


def levels_graph(student: DiT) -> Graph:
    """Noise levels, guidance and pooled text to what the core reads of them."""
    pooled = _pooled_port(student)
    rows = 1 if student.modulate is None else MODULATIONS_AND_HEAD
    inputs = (
        Port("c_noise_t", ("batch",), "ln(t) / 4"), Port("c_noise_s", ("batch",), "ln(s) / 4"),
        Port("omega", ("batch",), "guidance scale"), *pooled,
    )  # fmt: skip

    def draw(sizes: Sizes, generator: torch.Generator) -> Outputs:
        given = _levels(student, sizes, generator)
        return (*given, torch.randn(sizes["batch"], student.config.width, generator=generator)) if pooled else given

    def reference(*given: Tensor) -> Outputs:
        return (student.embed(*given),)

    level = Port("level", ("batch", rows, student.config.width), "noise levels and guidance")
    return Graph("levels", Levels(student), inputs, (level,), draw, reference, BATCHES, peak_error, TOLERANCE)


def core_graph(student: DiT, single: bool) -> Graph:
    """Scaled latents, level and text to the raw output ``F``: all the heavy arithmetic."""
    config = student.config
    placed = config.place_features > 0
    x = Port("x", ("batch", config.channels, "frames"), "c_in(t) z")
    rows = 1 if student.modulate is None else MODULATIONS_AND_HEAD
    mask = () if single else (Port("text_mask", ("batch", "tokens"), "of the text encoder", "bool"),)
    span = (Port("span", ("batch", 2), "begin and end of x as shares of the clip; 0 and 1 for all"),) if placed else ()
    level = Port("level", ("batch", rows, config.width), "of levels")
    module: nn.Module = CoreOfConstants(student) if single else CoreOfKeys(student)

    def reference(x: Tensor, level: Tensor, *given: Tensor) -> Outputs:
        if single:
            constants, *place = given
            return (student.core(x, level, TextMemory(None, None, None, constants, None), *place),)
        keys, values, text_mask, *place = given
        return (student.core(x, level, TextMemory(keys, values, text_mask, None, None), *place),)

    frames = (1, config.patch + 1, 6 * config.patch, 9 * config.patch + 1)
    sizes = trials("frames", frames, **({} if single else {"tokens": 5}))
    return Graph(
        "core", module, (x, level, *_memory_ports(student, single), *mask, *span),
        (Port("F", x.shape, "raw output of the network"),), _draw_core(student, single, placed),
        reference, sizes, peak_error, TOLERANCE,
    )  # fmt: skip


def _draw_core(student: DiT, single: bool, placed: bool) -> Callable[[Sizes, torch.Generator], Outputs]:
    """What text and levels of the same student give, and latents of unit variance."""
    text, levels = StudentText(student, single), Levels(student)

    def draw(sizes: Sizes, generator: torch.Generator) -> Outputs:
        conditioning = _text(student, sizes, single, generator)
        memory = list(text(conditioning.tokens, conditioning.mask if not single else None))
        pooled = [memory.pop()] if student.to_pooled is not None else []
        level = levels(*_levels(student, sizes, generator), *pooled)
        x = torch.randn(sizes["batch"], student.config.channels, sizes["frames"], generator=generator)
        masks = [] if single else [conditioning.mask]
        spans = [torch.tensor([[0.25, 1.0]]).repeat(sizes["batch"], 1)] if placed else []
        return (x, level, *memory, *masks, *spans)

    return draw
