"""Models as ONNX graphs: written for use elsewhere, or run by ONNX Runtime in place of the networks."""

import torch
from torch import nn

from soundctm.backbones import DiT
from soundctm.engines.accelerated import AcceleratedStudent
from soundctm.engines.onnx.engine import OnnxCore
from soundctm.engines.onnx.library import PACKAGES, library
from soundctm.engines.options import Precision
from soundctm.errors import UserError

__all__ = ["build"]


def build(
    student: DiT, autoencoder: nn.Module, precision: Precision, device: torch.device
) -> tuple[nn.Module, nn.Module]:
    """The student with its core in ONNX Runtime, and the autoencoder as it is: torch decodes faster wherever it has
    oneDNN.

    ``precision`` is "float32" or "int8", which is about the core; ``device`` a CPU. Graphs are made once and kept in
    the user's cache. Raises :class:`UserError` for another precision or device, or where ONNX Runtime is not installed.
    """
    if device.type != "cpu":
        raise UserError(f"the engine onnx computes on the cpu, not on {device}; take engine compiled there")
    if precision not in ("float32", "int8"):
        raise UserError(f"the engine onnx computes in float32 or int8, not in {precision}")
    for package in PACKAGES:
        library(package)
    core = OnnxCore(student, precision == "int8")
    core.ready(single=student.config.time_conditioning == "token")  # the form of the official models, which read CLAP
    return AcceleratedStudent(student, core), autoencoder
