"""Graphs on disk, and whether they say the same as the model."""

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from soundctm.engines.onnx.attention import translations
from soundctm.engines.onnx.graph import Graph
from soundctm.engines.onnx.library import library
from soundctm.engines.onnx.runtime import session
from soundctm.errors import UserError

OPSET, OLDEST_OPSET, NEWEST_OPSET = 23, 20, 24
LARGEST_FILE = 1_500_000_000  # bytes of weights; a graph with all in it holds 2 GB at most


@dataclass(frozen=True)
class Parity:
    """How far a graph in ONNX Runtime is from the model in torch, at most, over so many trials."""

    error: float
    tolerance: float
    trials: int

    @property
    def passed(self) -> bool:
        return self.error <= self.tolerance  # not so for nan


def translate(graph: Graph, opset: int = OPSET) -> Any:
    """The graph as an ``onnx_ir.Model``, its nodes still labelled with where they come from."""
    library("onnxscript")
    with torch.inference_mode(False), torch.no_grad(), _quiet():  # tensors of inference mode cannot be traced
        program = torch.onnx.export(
            graph.module.eval(), graph.example(graph.trials[1]), dynamo=True, opset_version=opset, verbose=False,
            dynamic_shapes=graph.dynamic_shapes(), input_names=[port.name for port in graph.inputs],
            output_names=[port.name for port in graph.outputs], custom_translation_table=translations(opset),
        )  # fmt: skip
    if program is None:
        raise RuntimeError("torch.onnx.export returned no program")
    return program.model


def save(model: Any, graph: Graph, path: Path, largest: int = LARGEST_FILE) -> None:
    """Write a translated graph, without the labels, which name files of the machine it was made on. More than
    ``largest`` bytes of weights go into ``<path>.data``."""
    ir = library("onnx_ir")
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
    for port, value in zip((*graph.inputs, *graph.outputs), (*model.graph.inputs, *model.graph.outputs), strict=True):
        value.shape = ir.Shape(port.shape)
        value.metadata_props.clear()
    weights = sum(value.const_value.nbytes for value in model.graph.initializers.values())
    beside = path.name + ".data" if weights > largest else None
    ir.save(model, path, external_data=beside)


def check(graph: Graph, path: Path) -> Parity:
    """Run a written graph on its trials. Raises :class:`UserError` where it deviates by more than its tolerance."""
    runtime = session(path, torch.get_num_threads())
    errors: list[float] = []
    for seed, sizes in enumerate(graph.trials):
        given = graph.example(sizes, seed)
        feed = {port.name: tensor.numpy() for port, tensor in zip(graph.inputs, given, strict=True)}
        with torch.inference_mode(False), torch.no_grad():
            wanted = graph.reference(*given)
        got = [torch.from_numpy(array) for array in runtime.run([port.name for port in graph.outputs], feed)]
        for mine, theirs in zip(got, wanted, strict=True):
            if mine.shape != theirs.shape:
                raise UserError(f"graph {graph.name} gives {tuple(mine.shape)} where torch gives {tuple(theirs.shape)}")
            errors.append(graph.error(mine, theirs))
    worst = max(errors, key=lambda error: math.inf if math.isnan(error) else error)
    parity = Parity(worst, graph.tolerance, len(graph.trials))
    if not parity.passed:
        raise UserError(
            f"graph {graph.name} deviates by {worst:.1e} from torch, {graph.tolerance:.0e} is accepted; use the "
            "versions of torch, onnxscript and onnxruntime that soundctm is tested with"
        )
    return parity


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns of optional packages and of names that dimensions share: nothing to act on."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
