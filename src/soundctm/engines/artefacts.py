"""Where compiled code is kept, and what has been compiled before.

PyTorch's compiler keeps what it makes in a folder, under names that stand for the code, the version and the device, and
finds it there in later processes. Its usual folder is a temporary one. Here it is given one that lasts, unless the user
chose one by ``TORCHINDUCTOR_CACHE_DIR``; saved bundles of artefacts would hold no machine code for CPUs, so that a C++
compiler had to run again. Beside it lie empty files that say which shapes of which model are there.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from soundctm.backbones import DiT
from soundctm.engines.options import Precision

FOLDER = "TORCHINDUCTOR_CACHE_DIR"


def user_cache(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The folder for files that a user's programs can make again."""
    if platform == "win32" and environment.get("LOCALAPPDATA"):
        return Path(environment["LOCALAPPDATA"])
    if platform == "darwin":
        return Path.home() / "Library" / "Caches"
    given = environment.get("XDG_CACHE_HOME", "")
    return Path(given) if Path(given).is_absolute() else Path.home() / ".cache"


def code_folder() -> Path:
    """Where PyTorch keeps compiled code: the folder that it was given, or one that lasts, which it is given now."""
    return Path(os.environ.setdefault(FOLDER, str(user_cache() / "soundctm" / "compiled")))


def signature(student: DiT, autoencoder: nn.Module, precision: Precision, device: torch.device) -> str:
    """16 hex digits for all that compiled code depends on besides shapes: versions, device, precision and the sizes of
    the networks. Weights are not part of it."""
    on = torch.cuda.get_device_name(device) if device.type == "cuda" else torch.backends.cpu.get_cpu_capability()
    config: Any = autoencoder.config
    facts = [torch.__version__, version("soundctm"), device.type, on, precision]
    facts += [student.config.model_dump_json(), type(autoencoder).__name__, config.model_dump_json()]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Record:
    """Which shapes of one network have been compiled on this machine."""

    folder: Path

    @classmethod
    def of(cls, student: DiT, autoencoder: nn.Module, precision: Precision, device: torch.device) -> "Record":
        """That of a model in a precision on a device."""
        return cls(code_folder() / "soundctm" / signature(student, autoencoder, precision, device))

    def note(self, name: str) -> None:
        """Remember that the code of this name is there."""
        if not (self.folder / name).exists():  # a folder that is only read from may hold it already
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / name).touch()

    def names(self) -> list[str]:
        """All that has been noted, in order."""
        return sorted(path.name for path in self.folder.glob("*"))
