"""Reading official checkpoint files, and accounting for every key in them."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from soundctm.errors import UserError


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The content of a ``.pt``/``.pth`` (tensors and plain values only) or ``.safetensors`` file."""
    if not path.is_file():
        raise UserError(f"no such checkpoint: {path}")
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(
            f"{path} cannot be read as weights ({reason[:160]}); "
            "it is truncated, foreign, or holds code, which is never run"
        ) from error
    if not isinstance(content, dict):
        raise UserError(f"{path} holds a {type(content).__name__}; a dictionary of tensors is expected")
    return content


def tensors_of(content: Mapping[str, Any]) -> dict[str, Tensor]:
    """The state dict inside a checkpoint: under ``state_dict``, or the checkpoint itself."""
    state = content.get("state_dict", content)
    return {name: value for name, value in state.items() if isinstance(value, Tensor)}


def account(path: Path, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Raise when keys or shapes of a translated state dict are not exactly those of the module it goes into."""
    missing, unknown = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    if missing or unknown:
        parts = [f"{len(names)} {word} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
                 for word, names in (("missing", missing), ("unknown", unknown)) if names]  # fmt: skip
        raise UserError(
            f"{path}: {' and '.join(parts)} keys; this is not the checkpoint of that part, or of another version"
        )
    for name, value in wanted.items():
        if found[name].shape != value.shape:
            raise UserError(f"{path}: {name} is {tuple(found[name].shape)}, expected {tuple(value.shape)}")


def fold_weight_norm(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace ``weight_g``, ``weight_v`` by ``weight = g v / |v|``, the norm over all but the first axis."""
    out: dict[str, Tensor] = {}
    for name, value in state.items():
        if name.endswith("weight_v"):
            norm = value.flatten(1).norm(dim=1).reshape(-1, *[1] * (value.ndim - 1))
            out[name.removesuffix("_v")] = value * (state[name.removesuffix("v") + "g"] / norm)
        elif not name.endswith("weight_g"):
            out[name] = value
    return out
