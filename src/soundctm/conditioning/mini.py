"""The embedded text encoder: about a million parameters over a table of word vectors distilled from a larger one.

It needs torch and ``tokenizers`` only. Every WordPiece of the vocabulary has a fixed vector (int8, one scale per row),
so words that no training caption holds lie beside their relatives from the start; two transformer layers put them in
context. :mod:`soundctm.training.text_encoder` makes its weights.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, PositiveInt
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from soundctm.conditioning.tower import AudioTower
from soundctm.conditioning.types import Conditioning
from soundctm.errors import UserError

LARGEST_INT8 = 127


class MiniTextConfig(BaseModel):
    """Sizes of the encoder. ``max_tokens`` counts [CLS] and [SEP]; longer prompts lose their end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["mini"] = "mini"
    vocabulary: PositiveInt
    table_dim: PositiveInt = 96
    dim: PositiveInt = 192
    layers: PositiveInt = 2
    heads: PositiveInt = 4
    ff_mult: PositiveInt = 3
    max_tokens: PositiveInt = 48
    joint_dim: PositiveInt = 128
    latent_channels: PositiveInt = 64
    tower_width: PositiveInt = 128


@dataclass(frozen=True)
class TextFeatures:
    """``words [B, N, dim]`` in context, ``mask [B, N]``, ``sentence [B, dim]``, unit ``joint [B, joint_dim]``."""

    words: Tensor
    mask: Tensor
    sentence: Tensor
    joint: Tensor


def quantise_rows(table: Tensor) -> tuple[Tensor, Tensor]:
    """``table [V, D]`` as int8 and a scale ``[V]`` per row: an entry errs by at most half its row's scale (and the
    rounding of the scale to half precision)."""
    scale = (table.abs().amax(dim=1) / LARGEST_INT8).clamp_min(1e-6).half().float()
    return (table / scale[:, None]).round().clamp(-LARGEST_INT8, LARGEST_INT8).to(torch.int8), scale


def sinusoids(length: int, dim: int) -> Tensor:
    """Position embeddings ``[length, dim]``: sines then cosines at geometric rates from 1 to 1/1000."""
    rates = torch.exp(-math.log(1000.0) * torch.arange(dim // 2) / (dim // 2))
    angle = torch.arange(length)[:, None] * rates
    return torch.cat([angle.sin(), angle.cos()], dim=1)


class TextBlock(nn.Module):
    """Pre-norm transformer layer over ``[B, N, dim]`` with a key mask ``[B, N]``."""

    def __init__(self, dim: int, heads: int, ff_mult: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.merge = nn.Linear(dim, dim)
        self.norm_ff = nn.LayerNorm(dim)
        self.up = nn.Linear(dim, ff_mult * dim)
        self.down = nn.Linear(ff_mult * dim, dim)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, length, dim = x.shape
        qkv = self.qkv(self.norm_attention(x)).view(batch, length, 3, self.heads, dim // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])
        x = x + self.merge(attended.transpose(1, 2).reshape(batch, length, dim))
        return x + self.down(F.gelu(self.up(self.norm_ff(x))))


class MiniTextEncoder(nn.Module):
    """Prompts -> :class:`Conditioning` whose first token is the whole sentence and whose others are its words.

    The empty prompt is [CLS][SEP] and stands for "unconditional". ``tokenizer`` is a WordPiece tokenizer whose ids are
    rows of the table; without one, only :meth:`forward` works.
    """

    table: Tensor
    table_scale: Tensor
    positions: Tensor

    def __init__(self, config: MiniTextConfig, tokenizer: Tokenizer | None = None) -> None:
        super().__init__()
        self.config = config
        self.dim = config.dim
        self.tokenizer = None if tokenizer is None else self._check(tokenizer)
        self.register_buffer("table", torch.zeros(config.vocabulary, config.table_dim, dtype=torch.int8))
        self.register_buffer("table_scale", torch.ones(config.vocabulary))
        self.register_buffer("positions", 0.5 * sinusoids(config.max_tokens, config.dim), persistent=False)
        self.lift = nn.Linear(config.table_dim, config.dim)
        self.blocks = nn.ModuleList(TextBlock(config.dim, config.heads, config.ff_mult) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.dim)
        self.weigh = nn.Linear(config.dim, 1)
        nn.init.zeros_(self.weigh.weight)
        self.pool = nn.Linear(config.dim, config.dim)
        self.pool_norm = nn.LayerNorm(config.dim)
        self.to_joint = nn.Linear(config.dim, config.joint_dim)
        self.tower = AudioTower(config.latent_channels, config.joint_dim, config.tower_width)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(0.07)))

    def _check(self, tokenizer: Tokenizer) -> Tokenizer:
        if tokenizer.get_vocab_size() != self.config.vocabulary:
            raise UserError(
                f"tokenizer.json holds {tokenizer.get_vocab_size()} tokens, the text encoder's table "
                f"{self.config.vocabulary} rows; take both from the same model folder"
            )
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.config.max_tokens)
        return tokenizer

    def set_table(self, table: Tensor) -> None:
        """Take over float word vectors ``[vocabulary, table_dim]``."""
        values, scale = quantise_rows(table)
        self.table.copy_(values)
        self.table_scale.copy_(scale)

    def tokenize(self, prompts: Sequence[str]) -> list[list[int]]:
        """Token ids of each prompt, [CLS] and [SEP] included."""
        if self.tokenizer is None:
            raise RuntimeError("this MiniTextEncoder was made without a tokenizer; use MiniTextEncoder.load(folder)")
        return [encoding.ids for encoding in self.tokenizer.encode_batch(list(prompts))]

    def vectors(self, ids: Tensor) -> Tensor:
        """Fixed vectors ``[..., table_dim]`` of token ids."""
        return self.table[ids].to(self.table_scale.dtype) * self.table_scale[ids][..., None]

    def forward(self, vectors: Tensor, mask: Tensor) -> TextFeatures:
        """From word vectors ``[B, N, table_dim]`` and their mask ``[B, N]``."""
        x = self.lift(vectors) + self.positions[: vectors.shape[1]]
        for block in self.blocks:
            x = block(x, mask)
        x = self.norm(x)
        weights = self.weigh(x)[..., 0].masked_fill(~mask, -torch.inf).softmax(dim=1)
        sentence = self.pool_norm(self.pool(torch.einsum("bn,bnd->bd", weights, x)))
        return TextFeatures(x, mask, sentence, F.normalize(self.to_joint(sentence), dim=-1))

    def _features(self, prompt: str) -> TextFeatures:
        ids = torch.tensor(self.tokenize([prompt]), device=self.table.device)
        return self(self.vectors(ids), torch.ones_like(ids, dtype=torch.bool))

    def encode(self, prompts: Sequence[str]) -> Conditioning:
        """Tokens ``[B, 1 + N, dim]``: the sentence, then its words, each of about unit variance.

        Each distinct prompt runs alone, so its values are the same to the last bit whatever stands beside it.
        """
        done: dict[str, Conditioning] = {}
        for prompt in dict.fromkeys(prompts):
            f = self._features(prompt)
            tokens = torch.cat([f.sentence[:, None], f.words], dim=1)
            done[prompt] = Conditioning(tokens, tokens.new_ones(tokens.shape[:2], dtype=torch.bool))
        return Conditioning.cat([done[prompt] for prompt in prompts])

    def sentences(self, prompts: Sequence[str], batch: int = 256) -> Tensor:
        """Sentence tokens ``[B, dim]``, computed many at a time: not to the last bit those of :meth:`encode`."""
        parts = []
        for start in range(0, len(prompts), batch):
            ids = [torch.tensor(each) for each in self.tokenize(prompts[start : start + batch])]
            padded = nn.utils.rnn.pad_sequence(ids, batch_first=True).to(self.table.device)
            lengths = torch.tensor([len(each) for each in ids], device=padded.device)
            mask = torch.arange(padded.shape[1], device=padded.device) < lengths[:, None]
            parts.append(self(self.vectors(padded), mask).sentence)
        return torch.cat(parts)

    def embed(self, prompts: Sequence[str]) -> Tensor:
        """Joint text-audio embeddings ``[B, joint_dim]`` of unit length."""
        return torch.cat([self._features(prompt).joint for prompt in prompts])

    def score(self, prompts: Sequence[str], latents: Tensor) -> Tensor:
        """How well normalised latents ``[B, C, T]`` fit their prompts: cosine over the learned temperature, ``[B]``."""
        if len(prompts) != len(latents):
            raise ValueError(f"{len(prompts)} prompts for {len(latents)} latents; give one prompt per item")
        return (self.embed(prompts) * self.tower(latents)).sum(-1) / self.log_temperature.exp()

    def save(self, folder: Path) -> None:
        """Write weights (half precision, int8 table), ``text_encoder.json`` and ``tokenizer.json``."""
        if self.tokenizer is None:
            raise RuntimeError("a text encoder without a tokenizer is not saved: nothing could load it again")
        tensors = {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in self.state_dict().items()}
        save_file(tensors, folder / "text_encoder.safetensors")
        (folder / "text_encoder.json").write_text(json.dumps(self.config.model_dump(), indent=1))
        self.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)

    @classmethod
    def load(cls, folder: Path, config: MiniTextConfig | None = None) -> "MiniTextEncoder":
        """Read from a folder, in evaluation mode and float32. ``config`` None reads ``text_encoder.json`` there.

        Raises :class:`UserError` when a file is missing or is not what it should be.
        """
        try:
            sizes = config or MiniTextConfig.model_validate_json((folder / "text_encoder.json").read_text())
            tokenizer = read_tokenizer(folder / "tokenizer.json")
            tensors = load_file(folder / "text_encoder.safetensors")
        except FileNotFoundError as error:
            raise UserError(f"text encoder: {error.filename or error} is missing; give a whole model folder") from error
        except SafetensorError as error:
            raise UserError(f"{folder / 'text_encoder.safetensors'} is damaged or foreign: {error}") from error
        encoder = cls(sizes, tokenizer)
        try:
            encoder.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})
        except RuntimeError as error:
            reason = str(error).splitlines()[-1].strip()
            raise UserError(f"{folder / 'text_encoder.safetensors'} does not fit its sizes: {reason}") from error
        return encoder.eval()


def read_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a ``tokenizer.json``."""
    text = path.read_text(encoding="utf-8")
    try:
        return Tokenizer.from_str(text)
    except Exception as error:  # the tokenizers package raises the bare class
        raise UserError(f"{path} is no tokenizer ({error}); copy it again from its model") from error
