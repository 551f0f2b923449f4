"""The official text encoder: the RoBERTa branch of CLAP, one normalised vector per prompt."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from soundctm.conditioning.types import Conditioning
from soundctm.errors import UserError

PROMPT_TOKENS = 77


class ClapTextConfig(BaseModel):
    """Sizes of the RoBERTa branch, by default those of roberta-base. ``variant``: "projected" is version 1 of the
    official model (512 numbers after the projection), "pooled" version 2 (768 from the pooler)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["clap"] = "clap"
    variant: Literal["projected", "pooled"]
    vocab_size: int = 50265
    hidden_size: int = 768
    layers: int = 12
    heads: int = 12
    intermediate_size: int = 3072
    positions: int = 514
    joint_dim: int = 512
    tokenizer: str = "roberta-base"


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise UserError("official models read text through transformers: pip install 'soundctm[official]'") from error
    return transformers


class ClapTextEncoder(nn.Module):
    """Prompts -> one context token ``[B, 1, dim]`` of unit length. The tokenizer is looked up at the first prompt."""

    def __init__(self, config: ClapTextConfig) -> None:
        super().__init__()
        library = _transformers()
        self.config = config
        self.dim = config.joint_dim if config.variant == "projected" else config.hidden_size
        sizes = library.RobertaConfig(
            vocab_size=config.vocab_size, hidden_size=config.hidden_size, num_hidden_layers=config.layers,
            num_attention_heads=config.heads, intermediate_size=config.intermediate_size,
            max_position_embeddings=config.positions, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
            layer_norm_eps=1e-12,
        )  # fmt: skip
        self.text_branch = library.RobertaModel(sizes)
        self.text_projection = nn.Sequential(
            nn.Linear(config.hidden_size, config.joint_dim), nn.ReLU(), nn.Linear(config.joint_dim, config.joint_dim)
        )
        self._tokenizer: Any = None

    def encode_ids(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Unit vectors ``[B, dim]`` of token ids ``[B, N]`` and their mask."""
        pooled: Tensor = self.text_branch(input_ids=input_ids, attention_mask=attention_mask).pooler_output
        vector = self.text_projection(pooled) if self.config.variant == "projected" else pooled
        return F.normalize(vector, dim=-1)

    def _tokens(self, prompts: Sequence[str]) -> tuple[Tensor, Tensor]:
        if self._tokenizer is None:
            try:
                self._tokenizer = _transformers().AutoTokenizer.from_pretrained(self.config.tokenizer)
            except (OSError, ValueError) as error:
                raise UserError(
                    f"the tokenizer {self.config.tokenizer!r} of this model is neither here nor to be fetched; "
                    "put it into the hub cache, or set text_encoder.tokenizer in config.json to its folder"
                ) from error
        encoded = self._tokenizer(
            list(prompts), padding="max_length", truncation=True, max_length=PROMPT_TOKENS, return_tensors="pt"
        )
        return encoded["input_ids"], encoded["attention_mask"]

    def encode(self, prompts: Sequence[str]) -> Conditioning:
        """Conditioning of prompts; the empty prompt is the unconditional input."""
        device = next(self.parameters()).device
        input_ids, attention_mask = (tensor.to(device) for tensor in self._tokens(prompts))
        vectors = self.encode_ids(input_ids, attention_mask)
        return Conditioning(vectors[:, None], torch.ones(len(vectors), 1, dtype=torch.bool, device=device))
