"""Cores run by ONNX Runtime."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from soundctm.backbones import DiT
from soundctm.backbones.embeddings import WHOLE, Span
from soundctm.backbones.text import TextMemory
from soundctm.engines.onnx.cache import kept, key
from soundctm.engines.onnx.graph import Graph, energy_error
from soundctm.engines.onnx.quantise import largest_weight, quantise
from soundctm.engines.onnx.runtime import run, session
from soundctm.engines.onnx.student import core_graph
from soundctm.engines.onnx.write import check, save, translate

GRAPH = "graph.onnx"
INT8_TOLERANCE = 0.1  # of the energy of an output, on random inputs; the rest is for ears and metrics to judge


class Sessions:
    """A graph of the cache, in a session for each number of threads that torch has where it is wanted."""

    def __init__(self, graph: Graph, whole: nn.Module, int8: bool = False) -> None:
        self.graph, self.largest = graph, largest_weight() if int8 else None
        name = f"{graph.name}-{key(whole, *graph.inputs, self.largest)}"
        self.path = kept(name, self._make) / GRAPH
        self._sessions: dict[int, Any] = {}
        self._lock = threading.Lock()

    def _make(self, folder: Path) -> None:
        """A graph enters the cache once it says the same as torch, as far as its numbers go."""
        model, graph = translate(self.graph), self.graph
        if self.largest is not None:
            quantise(model, self.largest)
            graph = replace(graph, error=energy_error, tolerance=INT8_TOLERANCE)
        save(model, graph, folder / GRAPH)
        check(graph, folder / GRAPH)

    def here(self) -> Any:
        """The session for as many threads as torch has in this thread."""
        threads = torch.get_num_threads()
        with self._lock:
            if threads not in self._sessions:
                self._sessions[threads] = session(self.path, threads)
            return self._sessions[threads]


class OnnxCore:
    """:meth:`DiT.core` in ONNX Runtime, on the CPU; see :class:`soundctm.engines.accelerated.Core`.

    Texts of one token have another graph than others; a model asks for one of them only. It is made by :meth:`ready`,
    or when it is first asked for.
    """

    def __init__(self, student: DiT, int8: bool = False) -> None:
        self.student, self.int8 = student, int8
        self._made: dict[bool, Sessions] = {}
        self._lock = threading.Lock()

    def ready(self, single: bool) -> Sessions:
        """The graph for texts of a ``single`` token, or for others."""
        with self._lock:
            if single not in self._made:
                self._made[single] = Sessions(core_graph(self.student, single), self.student, self.int8)
            return self._made[single]

    def __call__(self, x: Tensor, level: Tensor, text: TextMemory, span: Span = WHOLE) -> Tensor:
        given = {"x": x, "level": level}
        if text.constants is not None:
            given["constants"] = text.constants
        elif text.keys is not None and text.values is not None:
            mask = text.mask if text.mask is not None else torch.ones(len(x), text.tokens, dtype=torch.bool)
            given |= {"keys": text.keys, "values": text.values, "text_mask": mask}
        else:
            raise ValueError("a text memory has keys and values, or constants")
        if self.student.config.place_features:
            given["span"] = torch.tensor([[0.0, 1.0]]).repeat(len(x), 1) if span is None else span
        (F,) = run(self.ready(text.constants is not None).here(), given, {"F": x.shape})
        return F
