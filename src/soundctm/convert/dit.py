"""Official DiT students and teachers -> ours."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from pydantic import ValidationError
from torch import Tensor

from soundctm.backbones import DiT, DiTConfig
from soundctm.convert.checkpoints import account
from soundctm.errors import UserError

Role = Literal["teacher", "student"]

PREFIX = "dit."
RENAMED = (
    ("transformer.project_in.", "project_in."),
    ("transformer.project_out.", "project_out."),
    ("transformer.rotary_pos_emb.", "rotary."),
    ("transformer.layers.", "blocks."),
    (".ff.ff.0.proj.", ".ff.proj."),
    (".ff.ff.2.", ".ff.out."),
)
# A CLAP that travels in the same file; `convert official` takes the text encoder from its own file.
IGNORED = "text_encoder."
# Layers of an official teacher that its forward pass never reaches in this system.
UNREACHED = ("dit.to_global_embed.0.weight", "dit.to_global_embed.2.weight")
OFFICIAL_HEAD = 64  # channels of a head, where the rotary buffer leaves it open
OPEN_ROTATED = 32  # max(head / 2, 32): every head of up to 64 channels rotates this many


def official_name(name: str) -> str:
    """The key in an official checkpoint of a weight of our DiT."""
    for official, ours in RENAMED:
        if ours.startswith(".") and ours in name:
            name = name.replace(ours, official)
        elif name.startswith(ours):
            name = official + name.removeprefix(ours)
    return PREFIX + name


def convert_dit(path: Path, state: Mapping[str, Tensor], role: Role) -> tuple[DiTConfig, dict[str, Tensor]]:
    """Configuration and float32 weights of our DiT from an official state dict (keys under ``dit.``).

    Raises :class:`UserError` that names any key that is unknown, missing or of a wrong shape. Read and dropped are the
    norms' ``beta`` buffers, which must be zero; ``text_encoder.*``; and of a teacher two layers that it never uses.
    """
    official = {name: value for name, value in state.items() if not name.startswith(IGNORED)}
    config = infer_config(path, official, role)
    with torch.device("meta"):
        ours = {official_name(name): (name, value) for name, value in DiT(config).state_dict().items()}
    wanted = {name: value for name, (_, value) in ours.items()}
    betas = {name.removesuffix("gamma") + "beta": value for name, value in wanted.items() if name.endswith(".gamma")}
    unreached = {name: official[name] for name in UNREACHED if role == "teacher" and name in official}
    account(path, official, wanted | betas | unreached)
    for name in betas:
        if bool(official[name].any()):
            raise UserError(
                f"{path}: {name} is not zero; the norms of an official DiT have no bias, convert another file"
            )
    return config, {ours[name][0]: official[name].float() for name in wanted}


def infer_config(path: Path, official: Mapping[str, Tensor], role: Role) -> DiTConfig:
    """Sizes from the shapes of official weights.

    A rotary buffer of n entries turns ``2 n = max(head / 2, 32)`` channels, which gives the width of a head above 64;
    up to there it is taken to be 64, as in every published checkpoint.
    """

    def shape(name: str, axes: int) -> torch.Size:
        value = official.get(PREFIX + name)
        if value is None or value.ndim != axes:
            found = "missing" if value is None else f"{value.ndim}-dimensional"
            raise UserError(f"{path}: {PREFIX + name} is {found}; this is not an official DiT {role}")
        return value.shape

    width, channels = shape("transformer.project_in.weight", 2)
    rotated = 2 * shape("transformer.rotary_pos_emb.inv_freq", 1)[0]
    head = 2 * rotated if rotated > OPEN_ROTATED else OFFICIAL_HEAD
    layers = {m[1] for m in (re.match(r"dit\.transformer\.layers\.(\d+)\.", name) for name in official) if m}
    context = shape("to_cond_embed.0.weight", 2)[1]
    kv_width = shape("transformer.layers.0.cross_attn.to_kv.weight", 2)[0]
    if width % head or context % head or kv_width != 2 * context or rotated < OPEN_ROTATED:
        raise UserError(
            f"{path}: width {width}, text width {context}, key/value width {kv_width // 2} and {rotated} rotated "
            f"channels do not make heads of {head} channels; this is not an official DiT {role}"
        )
    try:
        return DiTConfig(
            role=role, channels=channels, width=width, depth=len(layers), heads=width // head, context_dim=context,
            kv_heads=context // head, ff_mult=shape("transformer.layers.0.ff.ff.2.weight", 2)[1] // width,
            fourier_features=2 * shape("timestep_features.weight", 2)[0], rope_dims=rotated,
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "sizes"
        raise UserError(f"{path}: {where}: {first['msg']}; this is not an official DiT {role}") from error
