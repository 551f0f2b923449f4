"""The diffusion transformer of the paper (after Stable Audio 2), teacher and student in one class."""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from soundctm.backbones.config import DiTConfig
from soundctm.backbones.embeddings import WHOLE, FourierFeatures, RotaryEmbedding, Span, omega_embedding, place_features
from soundctm.backbones.layers import CrossAttention, FeedForward, Norm, Rotation, SelfAttention
from soundctm.backbones.text import Context, FreshText, LayerText, PreparedText, TextMemory
from soundctm.conditioning import Conditioning

MODULATIONS = 6  # shift, scale and gate of self-attention and of the feed-forward


def _mlp(inside: int, width: int, outside: int, bias: bool) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inside, width, bias=bias), nn.SiLU(), nn.Linear(width, outside, bias=bias))


def _zero(module: nn.Module) -> None:
    for parameter in module.parameters():
        nn.init.zeros_(parameter)


class Block(nn.Module):
    """Self-attention, cross-attention to the text, feed-forward; each normalised before and added after."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        width = config.width
        self.pre_norm = Norm(width)
        self.self_attn = SelfAttention(width, config.heads, config.qk_norm)
        self.cross_attend_norm = Norm(width)
        self.cross_attn = CrossAttention(width, config.heads, config.context_dim, config.cross_heads, config.qk_norm)
        self.ff_norm = Norm(width)
        self.ff = FeedForward(width, config.ff_mult, bias=True)
        self.table = nn.Parameter(torch.zeros(MODULATIONS, width)) if config.time_conditioning == "adaln" else None

    def forward(self, x: Tensor, text: LayerText, rotation: Rotation, modulation: Tensor | None) -> Tensor:
        if self.table is None or modulation is None:
            x = x + self.self_attn(self.pre_norm(x), rotation)
            x = x + self.cross_attn(self.cross_attend_norm(x), text)
            return x + self.ff(self.ff_norm(x))
        shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = (modulation + self.table).unsqueeze(2).unbind(1)
        x = x + gate_a * self.self_attn(self.pre_norm(x) * (1 + scale_a) + shift_a, rotation)
        x = x + self.cross_attn(self.cross_attend_norm(x), text)
        return x + gate_f * self.ff(self.ff_norm(x) * (1 + scale_f) + shift_f)


class DiT(nn.Module):
    """``F(c_in z, c_noise(t), [c_noise(s), omega,] text)``: latents ``[B, channels, T]`` -> ``[B, channels, T]``.

    ``T`` is free (positions are distances between tokens and shares of the clip); with ``patch > 1`` neighbouring
    frames share a token, and a ``T`` that is not a multiple is padded with zeros and cropped. With ``checkpointing`` a
    training pass keeps only the inputs of the blocks and computes the rest again on the way back: less memory for about
    a third more time.
    """

    def __init__(self, config: DiTConfig, checkpointing: bool = False) -> None:
        super().__init__()
        self.config = config
        self.checkpointing = checkpointing
        self._identity = object()  # networks that share these weights share this too
        width, inside = config.width, config.channels * config.patch
        self.timestep_features = FourierFeatures(config.fourier_features)
        self.to_timestep_embed = _mlp(config.fourier_features, width, width, bias=True)
        self.to_cond_embed = _mlp(config.context_dim, config.context_dim, config.context_dim, bias=False)
        self.preprocess_conv = nn.Conv1d(config.channels, config.channels, 1, bias=False)
        self.postprocess_conv = nn.Conv1d(config.channels, config.channels, 1, bias=False)
        self.project_in = nn.Linear(inside, width, bias=False)
        self.project_out = nn.Linear(width, inside, bias=False)
        self.rotary = RotaryEmbedding(config.rotated)
        self.to_place = nn.Linear(config.place_features, width, bias=False) if config.place_features else None
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.to_pooled = nn.Linear(config.context_dim, width) if config.pooled_context else None
        self.modulate = nn.Linear(width, MODULATIONS * width) if config.time_conditioning == "adaln" else None
        self.out_norm = Norm(width) if config.time_conditioning == "adaln" else None
        self.modulate_out = nn.Linear(width, 2 * width) if config.time_conditioning == "adaln" else None
        separate = config.role == "student" and config.jump_embedding == "separate"
        self.to_jump_embed = _mlp(config.fourier_features, width, width, bias=True) if separate else None
        self.to_omega_embed = _mlp(width, width, width, bias=True) if separate else None
        self._initialise()

    def _initialise(self) -> None:
        """The network starts as zero, residual branches of modulated blocks closed."""
        for layer in (self.preprocess_conv, self.postprocess_conv, self.project_out):
            _zero(layer)
        for modulate in (self.modulate, self.modulate_out):
            if modulate is not None:
                _zero(modulate)
        for mlp in (self.to_jump_embed, self.to_omega_embed):
            if mlp is not None:
                _zero(mlp[-1])

    def load_teacher(self, teacher: "DiT") -> None:
        """Take over every weight of a teacher; what only a student has keeps its start.

        With ``jump_embedding="separate"`` a fresh student then computes the teacher's F for every s and omega; with
        "shared" it does not, as s and omega enter through weights that the teacher has filled. Raises ValueError, and
        loads nothing, when the two differ in anything else.
        """
        mine, theirs = self.state_dict(), teacher.state_dict()
        own = {name for name in mine if name.startswith(("to_jump_embed.", "to_omega_embed."))}
        differing = sorted((mine.keys() - own) ^ theirs.keys())
        differing += [name for name, value in theirs.items() if name in mine and mine[name].shape != value.shape]
        if differing:
            raise ValueError(f"teacher and student differ in {', '.join(differing)}; their sizes must be the same")
        self.load_state_dict(theirs, strict=False)

    def embed_levels(self, c_noise_t: Tensor, c_noise_s: Tensor | None, omega: Tensor | None) -> Tensor:
        """The sum ``[B, width]`` of the embeddings of t and, for a student, of s and omega."""
        student = self.config.role == "student"
        if (c_noise_s is not None, omega is not None) != (student, student):
            given = [name for name, value in (("c_noise_s", c_noise_s), ("omega", omega)) if value is not None]
            accepted = "both c_noise_s and omega" if student else "neither c_noise_s nor omega"
            raise ValueError(f"a {self.config.role} takes {accepted}; received {' and '.join(given) or 'neither'}")
        embedded = self.to_timestep_embed(self.timestep_features(c_noise_t))
        if c_noise_s is None or omega is None:
            return embedded
        sinusoid = omega_embedding(omega, self.config.width)
        if self.to_jump_embed is None or self.to_omega_embed is None:
            return embedded + self.to_timestep_embed(self.timestep_features(c_noise_s)) + sinusoid
        return embedded + self.to_jump_embed(self.timestep_features(c_noise_s)) + self.to_omega_embed(sinusoid)

    def embed(
        self, c_noise_t: Tensor, c_noise_s: Tensor | None, omega: Tensor | None, pooled: Tensor | None = None
    ) -> Tensor:
        """What :meth:`core` reads of levels, guidance and pooled text, ``[B, K, width]``: the time token (K = 1), or
        the shifts, scales and gates of the blocks and of the head (K = 8). Levels are ``[B]``."""
        level = self.embed_levels(c_noise_t, c_noise_s, omega)
        level = level if pooled is None else level + pooled
        if self.modulate is None or self.modulate_out is None:
            return level[:, None]
        active = F.silu(level)
        return torch.cat([self.modulate(active), self.modulate_out(active)], dim=-1).unflatten(
            -1, (MODULATIONS + 2, -1)
        )

    def _read(self, conditioning: Conditioning) -> FreshText:
        """Embedded text, with its mask where some token is padding."""
        tokens, mask = self.to_cond_embed(conditioning.tokens), None
        if not bool(conditioning.mask.all()):
            if not bool(conditioning.mask.any(dim=1).all()):
                raise ValueError("an item of the conditioning has no real token; its mask needs at least one True")
            mask = conditioning.mask
        pooled = None
        if self.to_pooled is not None:
            weight = conditioning.mask.to(tokens.dtype)[..., None]
            pooled = self.to_pooled((tokens * weight).sum(1) / weight.sum(1))
        return FreshText(Context(tokens, mask), pooled)

    def mark(self) -> tuple[object, int]:
        """Names this network and the present state of its weights."""
        return self._identity, sum(0 if each.is_inference() else each._version for each in self.parameters())

    def _has_read(self, conditioning: Conditioning) -> bool:
        """Whether a conditioning was prepared here, by these weights, and may be used: where they learn, gradients must
        find their way through the text."""
        if not isinstance(conditioning, PreparedText) or conditioning.mark != self.mark():
            return False
        return not (torch.is_grad_enabled() and self.to_cond_embed[0].weight.requires_grad)

    def prepare(self, conditioning: Conditioning) -> PreparedText:
        """The conditioning with all that this network makes of it, for the steps of a trajectory: text is then embedded
        and turned into keys and values once."""
        if self._has_read(conditioning):
            return cast(PreparedText, conditioning)
        fresh = self._read(conditioning)
        layers = [block.cross_attn.remember(fresh.context) for block in self.blocks]  # type: ignore[operator,union-attr]
        memory = TextMemory.of(layers, fresh.pooled)
        return PreparedText(conditioning.tokens, conditioning.mask, memory, self.mark())

    def _text(self, conditioning: Conditioning) -> FreshText | TextMemory:
        if self._has_read(conditioning):
            return cast(PreparedText, conditioning).memory
        return self._read(conditioning)

    def _tokens(self, x: Tensor, span: Span) -> Tensor:
        """Latents ``[B, C, T]`` as tokens ``[B, ceil(T / patch), width]``."""
        x = x + self.preprocess_conv(x)
        x = F.pad(x, (0, -x.shape[-1] % self.config.patch))
        h = self.project_in(x.unflatten(-1, (-1, self.config.patch)).permute(0, 2, 1, 3).flatten(2))
        if self.to_place is not None:
            place = place_features(h.shape[1], self.config.place_features, h.device, span)
            h = h + self.to_place(place.to(h.dtype))
        # Under autocast the residual stream stays in float32, and with it what Eq. 5 compares.
        return h.float() if torch.is_autocast_enabled(x.device.type) else h

    def _run(
        self, x: Tensor, level: Tensor, text: FreshText | TextMemory, chained: bool = True, span: Span = WHOLE
    ) -> list[Tensor]:
        """The output of every block, its time token included; ``level`` as :meth:`embed` gives it."""
        h = self._tokens(x, span)
        modulation = None
        if self.modulate is None:
            h = torch.cat([level, h], dim=1)
        else:
            modulation = level[:, :MODULATIONS]
        rotation = self.rotary(h.shape[1])
        outputs = []
        for index, block in enumerate(self.blocks):
            output = self._block(block, h, text.layer(index), rotation, modulation)
            outputs.append(output)
            h = output if chained else h
        return outputs

    def _block(self, block: nn.Module, *inputs: Any) -> Tensor:
        """One block; where gradients are wanted and memory is short, without keeping what is inside."""
        if self.checkpointing and torch.is_grad_enabled():
            return cast(Tensor, checkpoint(block, *inputs, use_reentrant=False))
        return cast(Tensor, block(*inputs))

    def _head(self, h: Tensor, level: Tensor) -> Tensor:
        """What the output projection reads: the tokens of the sequence, modulated once more in the adaLN form."""
        if self.out_norm is None:
            return h[:, 1:]
        shift, scale = level[:, MODULATIONS:].unsqueeze(2).unbind(1)
        return self.out_norm(h) * (1 + scale) + shift

    def forward_features(
        self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning, *,
        c_noise_s: Tensor | None = None, omega: Tensor | None = None, chained: bool = True,
    ) -> list[Tensor]:  # fmt: skip
        """The output ``[B, N, width]`` of every block, chained, as Eq. 5 wants them; with ``chained=False`` every
        block reads the embedded input instead, as the official code has it."""
        text = self._text(conditioning)
        return self._run(x, self.embed(c_noise_t, c_noise_s, omega, text.pooled), text, chained)

    def core(self, x: Tensor, level: Tensor, text: FreshText | TextMemory, span: Span = WHOLE) -> Tensor:
        """The network after its embeddings: scaled latents ``x [B, channels, T]``, ``level [B, K, width]`` of
        :meth:`embed` and a text of the same items, to the raw output ``[B, channels, T]``."""
        y = self.project_out(self._head(self._run(x, level, text, span=span)[-1], level))
        y = y.unflatten(-1, (self.config.channels, -1)).permute(0, 2, 1, 3).flatten(2)
        y = y[..., : x.shape[-1]]
        return y + self.postprocess_conv(y)

    def forward(
        self, x: Tensor, c_noise_t: Tensor, conditioning: Conditioning, *,
        c_noise_s: Tensor | None = None, omega: Tensor | None = None, span: Span = WHOLE,
    ) -> Tensor:  # fmt: skip
        """Raw network output for scaled latents ``x [B, channels, T]``; ``c_noise_t``, ``c_noise_s``, ``omega`` are
        ``[B]``. A teacher takes neither s nor omega. ``span`` says which part of its clip ``x`` is, from 0 to 1."""
        text = self._text(conditioning)
        return self.core(x, self.embed(c_noise_t, c_noise_s, omega, text.pooled), text, span)


def parameters(config: DiTConfig) -> int:
    """Weights of a backbone of these sizes, without building it."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in DiT(config).parameters())
