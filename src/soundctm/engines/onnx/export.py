"""A whole model as a folder of ONNX graphs."""

import shutil
from collections.abc import Callable
from pathlib import Path

from soundctm.conditioning.clap import ClapTextEncoder
from soundctm.engines.onnx.codec import codec_graphs
from soundctm.engines.onnx.graph import Graph
from soundctm.engines.onnx.library import PACKAGES, library
from soundctm.engines.onnx.manifest import Parts, write_manifest
from soundctm.engines.onnx.readme import page
from soundctm.engines.onnx.student import student_graphs
from soundctm.engines.onnx.text import text_encoder_graph
from soundctm.engines.onnx.write import NEWEST_OPSET, OLDEST_OPSET, OPSET, Parity, check, save, translate
from soundctm.errors import UserError

Say = Callable[[str], None]
TOKENIZER = "tokenizer.json"


def graphs_of(parts: Parts) -> dict[str, Graph]:
    """All graphs of a model, by name, in the order in which a take needs them."""
    single = isinstance(parts.text_encoder, ClapTextEncoder)
    encoder, decoder = codec_graphs(parts.autoencoder)
    graphs = (text_encoder_graph(parts.text_encoder), *student_graphs(parts.student, single), decoder, encoder)
    return {graph.name: graph for graph in graphs}


def export(parts: Parts, folder: Path, opset: int = OPSET, say: Say = lambda line: None) -> Path:
    """Write every part of a model on the CPU into the new ``folder``: a graph each, ``graphs.json``, a page on their
    use and the tokenizer. ``say(line)`` hears of each part.

    Every graph is run beside torch, in several lengths and batches. Raises :class:`UserError` for a folder that exists
    or cannot be written, an opset out of range, a missing package, or a graph that deviates; nothing is left then.
    """
    if not OLDEST_OPSET <= opset <= NEWEST_OPSET:
        raise UserError(f"opset is {opset}; accepted are {OLDEST_OPSET} to {NEWEST_OPSET}")
    if folder.exists():
        raise UserError(f"{folder} exists already; choose a new folder for the graphs")
    for package in PACKAGES:
        library(package)
    beside = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        _write(parts, beside, opset, say)
        beside.rename(folder)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"cannot write {folder}: {reason}; free some space or choose another folder") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def _write(parts: Parts, folder: Path, opset: int, say: Say) -> None:
    graphs = graphs_of(parts)
    done: dict[str, tuple[Graph, Parity]] = {}
    for name, graph in graphs.items():
        path = folder / f"{name}.onnx"
        save(translate(graph, opset), graph, path)
        parity = check(graph, path)
        done[name] = graph, parity
        size = sum(file.stat().st_size for file in folder.glob(f"{path.name}*")) / 1e6
        say(f"{name}: {size:.1f} MB, deviates from torch by {parity.error:.1e} at most ({parity.trials} trials)")
    write_manifest(folder, parts, opset, done)
    own = (parts.folder / TOKENIZER).exists()
    if own:
        shutil.copy(parts.folder / TOKENIZER, folder)
    (folder / "README.md").write_text(page(parts.config.name, graphs, own), encoding="utf-8")
