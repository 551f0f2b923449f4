"""Checkpoints: everything that a training needs to go on, written beside its place and then renamed."""

import os
import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import CheckpointException

from soundctm.audio.io import write_atomically
from soundctm.errors import UserError
from soundctm.training.world import World

FILE = "checkpoint.pt"
FOLDER = "checkpoint"
ABOUT = "about.pt"


class Stateful(Protocol):
    """Anything that a checkpoint holds: modules, optimisers, averages."""

    def state_dict(self) -> Any: ...

    def load_state_dict(self, state_dict: Any) -> Any: ...


def random_state() -> dict[str, torch.Tensor]:
    """The state of torch's generators in this process."""
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def restore_random_state(state: Mapping[str, torch.Tensor]) -> None:
    """Put back what :func:`random_state` took; a device that is not here is left out."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])


class Checkpoint:
    """The checkpoint of one training: ``out/checkpoint.pt``, or with ``sharded`` the folder ``out/checkpoint`` to which
    every process writes its own part (torch.distributed.checkpoint), readable by any number of processes."""

    def __init__(self, out: Path, world: World, sharded: bool = False) -> None:
        self.path = out / (FOLDER if sharded else FILE)
        self.other = out / (FILE if sharded else FOLDER)
        self.previous = self.path.with_name(self.path.name + ".previous")
        self.world = world
        self.sharded = sharded

    def exists(self) -> bool:
        """Whether there is something to go on from. A checkpoint of the other kind is a UserError."""
        if self.other.exists():
            hint = "leave --sharded out" if self.sharded else "add --sharded"
            raise UserError(f"{self.other} is a checkpoint of the other kind; {hint} to go on from it")
        return self.path.exists() or self.previous.exists()

    def save(self, parts: Mapping[str, Stateful], about: Mapping[str, Any]) -> None:
        """Write the state of ``parts`` and the plain values ``about``; whenever the machine stops, this checkpoint or
        the one before it is whole."""
        states = {name: part.state_dict() for name, part in parts.items()}
        if self.sharded:
            self._save_sharded(states, about)
        elif self.world.first:
            write_atomically(self.path, lambda file: torch.save({"parts": states, **about}, file))
        self.world.wait()

    def _save_sharded(self, states: dict[str, Any], about: Mapping[str, Any]) -> None:
        """A folder cannot be replaced in one step: for a moment the old one is kept as ``.previous``."""
        beside = self.path.with_name(self.path.name + ".partial")
        if self.world.first:
            shutil.rmtree(beside, ignore_errors=True)
        self.world.wait()
        dcp.save(states, checkpoint_id=beside, no_dist=self.world.size == 1)
        if self.world.first:
            write_atomically(beside / ABOUT, lambda file: torch.save(dict(about), file))
            if self.path.exists():
                shutil.rmtree(self.previous, ignore_errors=True)
                os.replace(self.path, self.previous)
            os.replace(beside, self.path)
            shutil.rmtree(self.previous, ignore_errors=True)

    @property
    def _newest(self) -> Path:
        return self.path if self.path.exists() else self.previous

    def about(self) -> dict[str, Any]:
        """The plain values of the checkpoint. A damaged or foreign file is a UserError."""
        if self.sharded:
            return self._read(self._newest / ABOUT)
        state = self._read(self.path)
        return {name: value for name, value in state.items() if name != "parts"}

    def load(self, parts: Mapping[str, Stateful]) -> None:
        """Put the saved states into ``parts``. A damaged checkpoint, or one of another kind of training or of other
        sizes, is a UserError."""
        try:
            states = self._read_sharded(parts) if self.sharded else self._read(self.path)["parts"]
            differing = sorted(set(parts) ^ set(states))
            if not differing:
                for name, part in parts.items():
                    part.load_state_dict(states[name])
        except (RuntimeError, KeyError, ValueError, CheckpointException) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise UserError(f"{self.path} does not fit this training ({reason}); choose another --out") from error
        if differing:
            raise UserError(f"{self.path} is of another kind of training: {', '.join(differing)} do not match")

    @staticmethod
    def _read(path: Path) -> dict[str, Any]:
        try:
            state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu", mmap=True)
        except (RuntimeError, EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            raise UserError(f"{path} cannot be read ({error}); delete it to start from the beginning") from error
        return state

    def _read_sharded(self, parts: Mapping[str, Stateful]) -> dict[str, Any]:
        """Every process reads what its own shards need, into tensors of today's layout."""
        states = {name: part.state_dict() for name, part in parts.items()}
        dcp.load(states, checkpoint_id=self._newest, no_dist=self.world.size == 1)
        return states
