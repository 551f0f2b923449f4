"""Two processes with half a batch each train the spectral decoder as one process with all of it.

In float64: the phases of sinusoids add up over frames, so float32 gradients of a batch and of its halves differ by up
to 7e-4, and the first step of Adam makes a whole step even of a gradient that is all rounding.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor

from soundctm.training.spectral import SpectralTask
from soundctm.training.spectral_config import Adversary
from soundctm.training.spectral_start import fitted
from soundctm.training.world import World
from tests.oracles.autoencoder import TINY_ADVERSARY, Sines, tiny_spectral

PROGRESS = (0.1, 0.4, 0.6)  # the discriminators alone, then both


class FineSines(Sines):
    def crops(self, index: int, size: int, length: int) -> Tensor:
        return super().crops(index, size, length).double()


@contextmanager
def float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def steps_of(world: World, folder: Path, adversary: Adversary | None) -> list[dict[str, float]]:
    config, source = tiny_spectral(adversary=adversary, precision="fp32"), FineSines()
    with float64():
        task = SpectralTask(config, fitted(config, source, folder, None, world), source, world)
        for tables in (task.distance, task.decoder.module):
            tables.double()
        return [task.step(index, progress) for index, progress in enumerate(PROGRESS)]


def work(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=2)
    torch.save([steps_of(World(rank, 2), folder, each) for each in (None, TINY_ADVERSARY)], folder / f"{rank}.pt")
    World(rank, 2).wait()
    World(rank, 2).end(0)


@pytest.mark.slow
def test_two_processes_train_as_one(tmp_path: Path) -> None:
    mp.spawn(work, (tmp_path,), nprocs=2)
    for rank in range(2):
        for adversary, together in zip((None, TINY_ADVERSARY), torch.load(tmp_path / f"{rank}.pt"), strict=True):
            alone = steps_of(World(), tmp_path, adversary)
            for ours, theirs in zip(together, alone, strict=True):
                assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-6)
