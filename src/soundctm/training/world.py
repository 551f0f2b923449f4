"""One process or many: who this process is, and the few sums that training needs over all of them."""

import os
import sys
from dataclasses import dataclass, field

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True)
class World:
    """This process among ``size``; ``rank`` 0 writes files and prints. A world of one needs no process group."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @classmethod
    def join(cls, device: str) -> "World":
        """The world that ``torchrun`` describes in the environment; without it a world of one."""
        size = int(os.environ.get("WORLD_SIZE", "1"))
        if size == 1:
            return cls(device=torch.device(device))
        rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
        place = torch.device(device, local) if device == "cuda" else torch.device(device)
        if place.type == "cuda":
            torch.cuda.set_device(place)
        if not dist.is_initialized():
            dist.init_process_group("nccl" if place.type == "cuda" else "gloo")
        return cls(rank, size, place)

    @property
    def first(self) -> bool:
        """Whether this process writes and prints for all."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """The rows of a global batch of ``count`` that belong to this process; equal shares."""
        if count % self.size:
            raise ValueError(f"a batch of {count} does not divide among {self.size} processes")
        each = count // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a tensor over all processes, on every one of them."""
        if self.size > 1:
            value = value.clone()
            dist.all_reduce(value)
            value = value / self.size
        return value

    def agree(self, value: float) -> float:
        """The mean of a number over all processes: the clocks that place a step in its budget must not differ."""
        if self.size == 1:
            return value
        return float(self.mean(torch.tensor(value, dtype=torch.float64, device=self.device)))

    def any(self, flag: bool) -> bool:
        """Whether any process says yes: all of them stop together, or none."""
        if self.size == 1:
            return flag
        said = torch.tensor([float(flag)], device=self.device)
        dist.all_reduce(said, dist.ReduceOp.MAX)
        return bool(said.item())

    def wait(self) -> None:
        """Return when every process has come here."""
        if self.size > 1:
            dist.barrier()

    def end(self, code: int) -> None:
        """End this process with ``code`` where it is one of many; alone, return. For when nothing is left to do.

        The process group is not taken down, nor the interpreter: the group's threads hold tensors still, and now and
        then either ends in a crash though the work is done (compare pytorch/pytorch pull request 179291). Others that
        wait for this process then wait in vain: after work that succeeded, :meth:`wait` comes before this.
        """
        if self.size > 1:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
