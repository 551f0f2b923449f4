"""Two processes with half a batch each, in one part or two, train the Gaussian DAC as one process with all of it."""

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from soundctm.training.dac import AutoencoderTask
from soundctm.training.world import World
from tests.oracles.autoencoder import Sines, tiny_training

STEPS = 3


def steps_of(world: World, accumulate: int) -> list[dict[str, float]]:
    task = AutoencoderTask(tiny_training(accumulate=accumulate), Sines(), world)
    return [task.step(index, 0.0) for index in range(STEPS)]


def work(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=2)
    torch.save([steps_of(World(rank, 2), accumulate) for accumulate in (1, 2)], folder / f"{rank}.pt")
    World(rank, 2).wait()
    World(rank, 2).end(0)


@pytest.mark.slow
def test_two_processes_train_as_one(tmp_path: Path) -> None:
    mp.spawn(work, (tmp_path,), nprocs=2)
    alone = steps_of(World(), 1)
    for rank in range(2):
        for together in torch.load(tmp_path / f"{rank}.pt"):
            for ours, theirs in zip(together, alone, strict=True):
                assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-6)
