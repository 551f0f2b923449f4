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
    if options.engine == "auto" and compiled_already(options, student, autoencoder, device):
        from soundctm.engines.compiled import build as compiled  # takes a while to load

        return compiled(student, autoencoder, options.precision, device, recorded_only=True)
    name = "eager" if options.engine == "auto" else options.engine
    builder: Builder = import_module(f"soundctm.engines.{name}").build  # loaded when wanted: some are heavy
    return builder(student, autoencoder, options.precision, device)


def compiled_already(options: EngineOptions, student: DiT, autoencoder: nn.Module, device: torch.device) -> bool:
    """Whether an earlier process has left programs of this model for this GPU. They are loaded once they are worth it,
    never for a first take. On CPUs they gain too little to be taken unasked."""
    if device.type != "cuda":
        return False
    from soundctm.engines.compiled import compiled_before

    return compiled_before(student, autoencoder, options.precision, device)
