"""Graphs that were made before, on disk: making one takes longer than many takes."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch
from torch import nn

from soundctm.engines.artefacts import user_cache
from soundctm.errors import UserError

ROOM = Path(__file__).parent
SOURCES = (ROOM, ROOM.parent.parent / "backbones", ROOM.parent.parent / "autoencoder")
PACKAGES = ("torch", "onnx", "onnx-ir", "onnxscript", "onnxruntime")


def cache_folder() -> Path:
    """Where graphs are kept."""
    return user_cache() / "soundctm" / "onnx"


def key(module: nn.Module, *what: object) -> str:
    """A name for what is made of a network: other weights, sizes, code or versions give another one."""
    digest = hashlib.sha256()
    said = (*what, type(module).__name__, getattr(module, "config", None), *map(version, PACKAGES))
    digest.update(repr(said).encode())
    for path in sorted(path for folder in SOURCES for path in folder.glob("*.py")):
        digest.update(path.read_bytes())
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:32]


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """The folder ``name`` of the cache; where there is none, ``make(folder)`` fills one beside it, which then takes its
    place, so that nobody ever sees half of it. Raises :class:`UserError` where nothing can be written."""
    folder = cache_folder() / name
    if folder.exists():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder.parent))
    except OSError as error:
        raise UserError(
            f"cannot keep graphs in {folder.parent}: {error.strerror}; it must be a folder to write into"
        ) from error
    try:
        make(beside)
        try:
            beside.rename(folder)
        except OSError:
            if not folder.exists():  # else another process has made it in the meantime
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder
