"""``graphs.json``: what each graph takes and gives, and the numbers that a sampler needs."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from torch import nn

from soundctm.autoencoder.normalizer import Normalizer
from soundctm.backbones import DiT
from soundctm.conditioning.clap import PROMPT_TOKENS, ClapTextEncoder
from soundctm.conditioning.mini import MiniTextEncoder
from soundctm.engines.onnx.graph import Graph, Port
from soundctm.engines.onnx.write import Parity

FORMAT_VERSION = 1
MANIFEST = "graphs.json"


class Numbers(Protocol):
    """What is wanted of a model's configuration."""

    name: str
    seconds: float
    max_seconds: float
    omega: float
    sigma_min: float
    sigma_max: float
    rho: float
    sigma_first: float | None
    sigma_data: float


class Parts(Protocol):
    """What is wanted of a model: see :class:`soundctm.folder.Parts`."""

    @property
    def config(self) -> Numbers: ...
    @property
    def student(self) -> DiT: ...
    @property
    def autoencoder(self) -> nn.Module: ...
    @property
    def text_encoder(self) -> nn.Module: ...
    @property
    def normalizer(self) -> Normalizer: ...
    @property
    def model_hash(self) -> str: ...
    @property
    def folder(self) -> Path: ...


def write_manifest(folder: Path, parts: Parts, opset: int, graphs: Mapping[str, tuple[Graph, Parity]]) -> None:
    """Write ``graphs.json`` into a folder of graphs."""
    config, codec, normalizer = parts.config, parts.autoencoder, parts.normalizer
    facts = {
        "format_version": FORMAT_VERSION,
        "model": config.name,
        "model_hash": parts.model_hash,
        "made_with": {name: version(name) for name in ("soundctm", "torch", "onnxscript", "onnxruntime")},
        "opset": opset,
        "sample_rate": codec.sample_rate,
        "hop": codec.hop,
        "channels": codec.channels,
        "seconds": config.seconds,
        "max_seconds": config.max_seconds,
        "omega": config.omega,
        "sigma_min": config.sigma_min,
        "sigma_max": config.sigma_max,
        "rho": config.rho,
        "sigma_first": config.sigma_first,
        "sigma_data": config.sigma_data,
        "latent_mean": normalizer.mean.tolist(),
        "latent_std": normalizer.std.tolist(),
        "text": _text(parts.text_encoder),
        "graphs": {name: _entry(graph, parity) for name, (graph, parity) in graphs.items()},
    }
    (folder / MANIFEST).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _text(encoder: nn.Module) -> dict[str, Any]:
    """How to get from a prompt to token ids."""
    if isinstance(encoder, MiniTextEncoder):
        return {"tokenizer": "tokenizer.json", "max_words": encoder.config.max_tokens, "padding": 0}
    if isinstance(encoder, ClapTextEncoder):
        return {"tokenizer": encoder.config.tokenizer, "max_words": PROMPT_TOKENS, "padding": 1}
    raise ValueError(f"manifest: {type(encoder).__name__} is neither MiniTextEncoder nor ClapTextEncoder")


def _entry(graph: Graph, parity: Parity) -> dict[str, Any]:
    return {
        "file": f"{graph.name}.onnx",
        "inputs": [_port(port) for port in graph.inputs],
        "outputs": [_port(port) for port in graph.outputs],
        "error": parity.error,
        "accepted_error": parity.tolerance,
    }


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "dtype": port.dtype, "shape": list(port.shape), "meaning": port.meaning}
