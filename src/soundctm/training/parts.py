"""Trained parts on disk between stages: ``NAME.safetensors`` in full precision and ``NAME.json``."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import BaseModel
from safetensors.torch import save
from torch import nn

from soundctm.audio.io import write_atomically
from soundctm.backbones.dit import DiT, DiTConfig
from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.errors import UserError
from soundctm.folder import read_tensors

TRAINING = ".training.json"  # suffix of the configuration that a part was trained with


def save_part(module: nn.Module, config: BaseModel, folder: Path, name: str) -> None:
    """Write weights and configuration of a part."""
    write_part(module.state_dict(), config, folder, name)


def write_part(tensors: Mapping[str, torch.Tensor], config: BaseModel, folder: Path, name: str) -> None:
    """Write ``NAME.json``, then ``NAME.safetensors``, each beside its place and renamed."""
    whole = {key: value.contiguous() for key, value in tensors.items()}
    write_atomically(folder / f"{name}.json", lambda file: file.write(config.model_dump_json(indent=1).encode()))
    write_atomically(folder / f"{name}.safetensors", lambda file: file.write(save(whole)))


def read_part(folder: Path, name: str) -> tuple[dict[str, torch.Tensor], dict[str, object]]:
    """Weights (float32) and configuration of a part."""
    tensors = read_tensors(folder / f"{name}.safetensors")
    return tensors, json.loads((folder / f"{name}.json").read_text())


def load_backbone(folder: Path, name: str) -> tuple[DiT, DiTConfig]:
    """A trained backbone, in evaluation mode. A missing or damaged file, or one that does not go with the other, is a
    UserError."""
    try:
        tensors, sizes = read_part(folder, name)
        config = DiTConfig.model_validate(sizes)
        model = DiT(config)
        model.load_state_dict(tensors)
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{folder} holds no trained {name} that can be read ({reason}); train it again") from error
    return model.eval(), config


def load_text_encoder(folder: Path) -> MiniTextEncoder:
    """A trained text encoder, in evaluation mode; the audio tower beside it is left out."""
    return MiniTextEncoder.load(folder)
