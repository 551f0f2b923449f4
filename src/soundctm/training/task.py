"""What teacher and student training have in common: batches, accumulation, the optimiser's step."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from soundctm.backbones.dit import DiT, DiTConfig
from soundctm.conditioning import Conditioning
from soundctm.errors import UserError
from soundctm.training.checkpoint import Stateful
from soundctm.training.config import TeacherTraining, Training
from soundctm.training.data.source import LatentSource
from soundctm.training.loop import Figures, scheduled_rate
from soundctm.training.precision import attention
from soundctm.training.starting import check_start, digest_of
from soundctm.training.trainee import Trainee
from soundctm.training.world import World


def check_fit(config: Training, backbone: DiTConfig, source: LatentSource, processes: int = 1) -> None:
    """Raise UserError unless backbone, data, batch and number of processes fit one another."""
    channels, width = source.channels, source.context_dim
    if (backbone.channels, backbone.context_dim) != (channels, width):
        remedy = (
            "set backbone.channels and backbone.context_dim to these"
            if isinstance(config, TeacherTraining)
            else "its teacher was trained on other latents: choose a teacher of these, or prepare the data for that one"
        )
        raise UserError(
            f"the backbone takes {backbone.channels} latent channels and text of {backbone.context_dim} numbers, "
            f"the data have {channels} and {width}; {remedy}"
        )
    part = config.batch // config.accumulate
    if part % processes:
        raise UserError(
            f"{part} clips (batch {config.batch} in {config.accumulate} parts) do not divide among {processes} "
            "processes; change batch or accumulate"
        )


def unsynchronised(network: nn.Module, last: bool) -> AbstractContextManager[None]:
    """Gradients of all but the last part of a batch stay in their process."""
    if isinstance(network, DistributedDataParallel) and not last:
        held: AbstractContextManager[None] = network.no_sync()
        return held
    return nullcontext()


class Task(ABC):
    """A training of one backbone. ``step`` is what a :class:`~soundctm.training.loop.Loop` runs."""

    trainee: Trainee[DiT]
    parts: dict[str, Stateful]

    def __init__(self, config: Training, backbone: DiTConfig, source: LatentSource, world: World) -> None:
        check_fit(config, backbone, source, world.size)
        self.config, self.source, self.world = config, source, world
        self.identity = {"data": source.identity}

    def build(self, backbone: DiTConfig) -> DiT:
        """A fresh backbone on this process's device, the same on all of them."""
        torch.manual_seed(self.config.seed)
        return DiT(backbone, self.config.checkpointing).to(self.world.device)

    def take_up(self, network: DiT, start: str, first: DiT | None) -> DiT:
        """``network`` with the weights of ``first``, where a configuration's ``start`` asks for them. Training is not
        resumed with others. Raises :class:`UserError` where there are none, or they do not fit."""
        check_start(start, network.config, first)
        if first is not None:
            network.load_state_dict(first.state_dict())
            self.identity |= {"first": digest_of(first)}
        return network

    def compile_blocks(self, *networks: nn.Module) -> None:
        """Put the blocks of these networks through torch.compile, where the configuration says so."""
        for network in networks if self.config.compiled else ():
            for block in network.blocks:  # type: ignore[union-attr]
                block.compile()

    @abstractmethod
    def backward(self, z_0: Tensor, conditioning: Conditioning, index: int, part: int, rows: slice) -> Figures:
        """Add the gradient of one part of a batch; figures are means over all processes."""

    def step(self, index: int, progress: float) -> Figures:
        """One step of the optimiser: all parts of the batch, then the update."""
        config = self.config
        size = config.batch // config.accumulate
        rows = self.world.share(size)
        sums: Figures = {}
        for part in range(config.accumulate):
            batch = self.source.batch(index * config.accumulate + part, size, config.drop_caption)
            batch = batch.share(rows, self.world.device)
            last = part == config.accumulate - 1
            with attention(self.world.device.type), unsynchronised(self.trainee.network, last):
                figures = self.backward(batch.z_0, batch.conditioning, index, part, rows)
            for name, value in figures.items():
                sums[name] = sums.get(name, 0.0) + value / config.accumulate
        return sums | self.update(scheduled_rate(config.schedule, progress, config.warmup))

    def update(self, rate: float) -> Figures:
        """Step at ``rate`` times the learning rate; the norms of the gradients."""
        return {"grad": self.trainee.update(rate)}

    def inspect(self, index: int) -> Mapping[str, Any]:
        """What the batch of a step was made of."""
        parts = range(self.config.accumulate)
        size = self.config.batch // self.config.accumulate
        return {f"part {part}": self.source.describe(index * len(parts) + part, size) for part in parts}
