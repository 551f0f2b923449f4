"""From the name of an engine to networks that compute by it."""

import torch
from torch import nn

from soundctm.backbones import DiT
from soundctm.engines.options import EngineOptions


def build(
    options: EngineOptions, student: DiT, autoencoder: nn.Module, device: torch.device
) -> tuple[nn.Module, nn.Module]:
    """Student and autoencoder that compute as ``options`` say. Raises :class:`soundctm.errors.UserError` where this
    device or this installation cannot."""
    match options.engine:
        case "eager" | "auto":
            from soundctm.engines import eager as engine
        case "compiled":
            from soundctm.engines import compiled as engine
        case "onnx":
            from soundctm.engines import onnx as engine
    return engine.build(student, autoencoder, options.precision, device)
