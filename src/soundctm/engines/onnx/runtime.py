"""ONNX Runtime on tensors of torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from soundctm.engines.onnx.library import library

NUMPY = {torch.float32: np.float32, torch.int64: np.int64, torch.bool: np.bool_}


def session(path: Path, threads: int) -> Any:
    """A session on the CPU. Its threads sleep while they wait: on a busy machine, spinning ones take the cores from
    working ones."""
    runtime = library("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors; warnings are about graphs, which nobody can act on here
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(session: Any, inputs: Mapping[str, Tensor], outputs: Mapping[str, Sequence[int]]) -> list[Tensor]:
    """Outputs of the given shapes, float32, in memory of torch; nothing is copied on the way in or out."""
    binding = session.io_binding()
    held = {name: tensor.contiguous() for name, tensor in inputs.items()}
    for name, tensor in held.items():
        binding.bind_input(name, "cpu", 0, NUMPY[tensor.dtype], tuple(tensor.shape), tensor.data_ptr())
    results = {name: torch.empty(tuple(shape)) for name, shape in outputs.items()}
    for name, tensor in results.items():
        binding.bind_output(name, "cpu", 0, np.float32, tuple(tensor.shape), tensor.data_ptr())
    session.run_with_iobinding(binding)
    return list(results.values())
