"""From the name of an engine to networks that compute by it."""

from importlib import import_module
from typing import Protocol

import torch
from torch import nn

from soundctm.backbones import DiT
from soundctm.engines.options import EngineOptions, Precision


class Builder(Protocol):
    """What each module of an engine offers as ``build``."""

    def __call__(
        self, student: DiT, autoencoder: nn.Module, precision: Precision, device: torch.device
    ) -> tuple[nn.Module, nn.Module]: ...


def build(
    options: EngineOptions, student: DiT, autoencoder: nn.Module, device: torch.device
) -> tuple[nn.Module, nn.Module]:
    """Student and autoencoder that compute as ``options`` say. Raises :class:`soundctm.errors.UserError` where this
    device or this installation cannot."""
    name = "eager" if options.engine == "auto" else options.engine
    builder: Builder = import_module(f"soundctm.engines.{name}").build  # loaded when wanted: some are heavy
    return builder(student, autoencoder, options.precision, device)
