"""Official autoencoders and latent statistics -> ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from soundctm.autoencoder.dac import DACConfig, GaussianDAC
from soundctm.convert.checkpoints import account, fold_weight_norm, tensors_of
from soundctm.errors import UserError


def convert_autoencoder(path: Path, content: Mapping[str, Any]) -> tuple[DACConfig, dict[str, Tensor]]:
    """Configuration (from shapes) and folded weights of a Gaussian DAC."""
    state = fold_weight_norm({name: value.float() for name, value in tensors_of(content).items()})
    config = infer_config(path, state, int(content.get("metadata", {}).get("kwargs", {}).get("sample_rate", 44100)))
    with torch.device("meta"):
        wanted = GaussianDAC(config).state_dict()
    account(path, state, wanted)
    return config, state


def infer_config(path: Path, state: Mapping[str, Tensor], sample_rate: int) -> DACConfig:
    """Widths and rates: a strided convolution is twice its rate long."""
    try:
        encoder_dim = state["encoder.block.0.weight"].shape[0]
        decoder_dim = state["decoder.model.0.weight"].shape[0]
        latent = state["post_conv.weight"].shape[0]
    except KeyError as error:
        raise UserError(f"{path}: {error.args[0]} is missing; this is not an official autoencoder") from error
    down = [state[key].shape[-1] // 2 for i in range(1, 20) if (key := f"encoder.block.{i}.block.4.weight") in state]
    up = [state[key].shape[-1] // 2 for i in range(1, 20) if (key := f"decoder.model.{i}.block.1.weight") in state]
    return DACConfig(
        sample_rate=sample_rate, encoder_dim=encoder_dim, encoder_rates=tuple(down), decoder_dim=decoder_dim,
        decoder_rates=tuple(up), latent_dim=latent,
    )  # fmt: skip


def convert_statistics(path: Path, content: Mapping[str, Any], channels: int) -> tuple[Tensor, Tensor]:
    """``(mean, std)``, each ``[channels]``, from ``z_mean`` and ``z_std``."""
    unknown = sorted(content.keys() - {"z_mean", "z_std"})
    if unknown or {"z_mean", "z_std"} - content.keys():
        raise UserError(
            f"{path}: expected exactly the keys z_mean and z_std, got {', '.join(sorted(content)) or 'none'}"
        )
    mean, std = content["z_mean"].float().reshape(-1), content["z_std"].float().reshape(-1)
    if mean.shape != (channels,) or std.shape != (channels,):
        raise UserError(f"{path}: statistics of {len(mean)} channels for an autoencoder of {channels}")
    return mean, std
