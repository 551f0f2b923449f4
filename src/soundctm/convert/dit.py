"""Official DiT students and teachers -> ours."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from soundctm.backbones import DiT, DiTConfig
from soundctm.convert.checkpoints import account
from soundctm.errors import UserError

RENAMED = (
    ("transformer.project_in", "project_in"),
    ("transformer.project_out", "project_out"),
    ("transformer.rotary_pos_emb", "rotary"),
    ("transformer.layers", "blocks"),
    (".ff.ff.0.proj.", ".ff.proj."),
    (".ff.ff.2.", ".ff.out."),
)
# Parts of the official module that its forward pass never reaches in this system.
UNUSED = ("to_global_embed.",)


def convert_dit(path: Path, state: Mapping[str, Tensor], role: Literal["teacher", "student"]) -> tuple[DiTConfig, dict[str, Tensor]]:
    """Configuration and weights of our DiT from an official state dict (keys under ``dit.``).

    A CLAP that a student file carries (``text_encoder.*``) is left to ``--clap``; zero ``beta`` buffers of the norms
    are checked and dropped; anything else unknown or missing is an error that names it.
    """
    out: dict[str, Tensor] = {}
    for name, value in state.items():
        if name.startswith("text_encoder."):
            continue
        key = name.removeprefix("dit.")
        if key.startswith(UNUSED):
            continue
        if key.endswith(".beta"):
            if bool(value.any()):
                raise UserError(f"{path}: {name} is not zero; norms with a bias are not known in the official model")
            continue
        for old, new in RENAMED:
            key = key.replace(old, new)
        out[key] = value.float()
    config = infer_config(path, out, role)
    with torch.device("meta"):
        wanted = DiT(config).state_dict()
    account(path, out, wanted)
    return config, out


def infer_config(path: Path, state: Mapping[str, Tensor], role: Literal["teacher", "student"]) -> DiTConfig:
    """Sizes from the shapes of renamed weights. The rotated channels are half a head, or 32 of a smaller one, which
    gives the width of a head."""
    try:
        width, channels = state["project_in.weight"].shape
        context = state["to_cond_embed.0.weight"].shape[1]
        kv_width = state["blocks.0.cross_attn.to_kv.weight"].shape[0] // 2
        fourier = 2 * state["timestep_features.weight"].shape[0]
        rotated = 2 * state["rotary.inv_freq"].shape[0]
        mult = state["blocks.0.ff.out.weight"].shape[1] // width
    except KeyError as error:
        raise UserError(f"{path}: {error.args[0]} is missing; this is not an official DiT checkpoint") from error
    depth = 1 + max(int(m.group(1)) for m in (re.match(r"blocks\.(\d+)\.", name) for name in state) if m)
    head = max(64, 2 * rotated) if rotated > 32 else 64
    return DiTConfig(
        role=role, channels=channels, width=width, depth=depth, heads=width // head, context_dim=context,
        kv_heads=kv_width // head, ff_mult=mult, fourier_features=fourier, rope_dims=rotated,
    )  # fmt: skip
