"""The text branch of an official CLAP checkpoint -> ours."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from soundctm.conditioning.clap import ClapTextConfig, ClapTextEncoder
from soundctm.convert.checkpoints import account
from soundctm.errors import UserError

# What a CLAP holds beside its text branch.
NOT_TEXT = ("audio_branch.", "audio_projection.", "audio_transform.", "text_transform.", "logit_scale")
OBSOLETE = "text_branch.embeddings.position_ids"
ROBERTA_HEAD = 64


def convert_clap(
    path: Path, state: Mapping[str, Tensor], context_dim: int, heads: int | None
) -> tuple[ClapTextConfig, dict[str, Tensor]]:
    """Configuration and weights; ``context_dim`` of the backbone tells version 1 (projected) from 2 (pooled).

    ``heads`` None means heads of 64 channels, as in every RoBERTa.
    """
    out: dict[str, Tensor] = {}
    for name, value in state.items():
        key = name.removeprefix("module.")
        if not key.startswith(NOT_TEXT) and key != OBSOLETE:
            out[key] = value.float()
    config = infer_config(path, out, context_dim, heads)
    with torch.device("meta"):
        wanted = ClapTextEncoder(config).state_dict()
    account(path, out, {name: value for name, value in wanted.items() if value.is_floating_point()})
    return config, out


def infer_config(path: Path, state: Mapping[str, Tensor], context_dim: int, heads: int | None) -> ClapTextConfig:
    """Sizes from shapes."""
    try:
        vocabulary, hidden = state["text_branch.embeddings.word_embeddings.weight"].shape
        positions = state["text_branch.embeddings.position_embeddings.weight"].shape[0]
        intermediate = state["text_branch.encoder.layer.0.intermediate.dense.weight"].shape[0]
        joint = state["text_projection.2.weight"].shape[0]
    except KeyError as error:
        raise UserError(f"{path}: {error.args[0]} is missing; this is not a CLAP with a RoBERTa text branch") from error
    if context_dim not in (hidden, joint):
        raise UserError(
            f"{path}: its text vectors are {joint} (version 1) or {hidden} (version 2) wide, "
            f"the student wants {context_dim}"
        )
    layers = len({name.split(".")[3] for name in state if name.startswith("text_branch.encoder.layer.")})
    return ClapTextConfig(
        variant="projected" if context_dim == joint else "pooled", vocab_size=vocabulary,
        hidden_size=hidden,
        layers=layers, heads=heads or max(1, hidden // ROBERTA_HEAD), intermediate_size=intermediate,
        positions=positions,
        joint_dim=joint,
    )  # fmt: skip
