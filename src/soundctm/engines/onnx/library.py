"""The packages of the extra ``onnx``, imported when they are needed."""

from importlib import import_module
from typing import Any

from soundctm.errors import UserError

PACKAGES = ("onnx", "onnx_ir", "onnxscript", "onnxruntime")


def library(name: str) -> Any:
    """A package of the extra. Raises :class:`UserError` where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise UserError(f"graphs need the package {error.name or name}: pip install 'soundctm[onnx]'") from error
