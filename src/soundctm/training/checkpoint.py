"""Checkpoints: everything that a training needs to go on, written beside its place and then renamed."""

import os
import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed.checkpoint as dcp

from soundctm.errors import UserError
from soundctm.training.world import World

FILE = "checkpoint.pt"
FOLDER = "checkpoint"


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
        self.world = world
        self.sharded = sharded

    def exists(self) -> bool:
        return self.path.exists()

    def save(self, parts: Mapping[str, Stateful], about: Mapping[str, Any]) -> None:
        """Write the state of ``parts`` and the plain values ``about``; a crash leaves the previous checkpoint whole."""
        state = {"parts": {name: part.state_dict() for name, part in parts.items()}, **about}
        beside = self.path.with_name(self.path.name + ".partial")
        if self.sharded:
            self._save_sharded(state, beside)
        elif self.world.first:
            torch.save(state, beside)
            os.replace(beside, self.path)
        self.world.wait()

    def _save_sharded(self, state: dict[str, Any], beside: Path) -> None:
        if self.world.first:
            shutil.rmtree(beside, ignore_errors=True)
        self.world.wait()
        dcp.save(state, checkpoint_id=beside, no_dist=self.world.size == 1)
        if self.world.first:
            previous = self.path.with_name(self.path.name + ".previous")
            shutil.rmtree(previous, ignore_errors=True)
            if self.path.exists():
                os.replace(self.path, previous)
            os.replace(beside, self.path)
            shutil.rmtree(previous, ignore_errors=True)

    def load(self, parts: Mapping[str, Stateful], about: Mapping[str, Any]) -> dict[str, Any]:
        """Put the saved states into ``parts``; returns the plain values of the names in ``about``.

        A damaged file, or one of another kind of training, is a UserError.
        """
        state = self._read_sharded(parts, about) if self.sharded else self._read_file()
        differing = sorted(set(parts) ^ set(state["parts"]))
        if differing:
            raise UserError(f"{self.path} is of another kind of training: {', '.join(differing)} do not match")
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
        return {name: state[name] for name in about}

    def _read_file(self) -> dict[str, Any]:
        try:
            state: dict[str, Any] = torch.load(self.path, weights_only=True, map_location="cpu")
        except (RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
            raise UserError(f"{self.path} cannot be read ({error}); delete it to start from the beginning") from error
        return state

    def _read_sharded(self, parts: Mapping[str, Stateful], about: Mapping[str, Any]) -> dict[str, Any]:
        """Every process reads what its own shards need, into tensors of today's layout."""
        state: dict[str, Any] = {"parts": {name: part.state_dict() for name, part in parts.items()}, **about}
        dcp.load(state, checkpoint_id=self.path, no_dist=self.world.size == 1)
        return state
