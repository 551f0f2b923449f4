"""What teacher and student training have in common: batches, accumulation, the optimiser's step."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from soundctm.backbones.dit import DiT, DiTConfig
from soundctm.conditioning import Conditioning
from soundctm.errors import UserError
from soundctm.training.checkpoint import Stateful
from soundctm.training.config import Training
from soundctm.training.data.source import LatentSource
from soundctm.training.loop import Figures, cosine_rate
from soundctm.training.precision import attention
from soundctm.training.trainee import Trainee
from soundctm.training.world import World


class Task(ABC):
    """A training of one backbone. ``step`` is what a :class:`~soundctm.training.loop.Loop` runs."""

    trainee: Trainee[DiT]
    parts: dict[str, Stateful]

    def __init__(self, config: Training, source: LatentSource, world: World) -> None:
        self.config, self.source, self.world = config, source, world

    def build(self, backbone: DiTConfig) -> DiT:
        """A fresh backbone on this process's device, the same on all of them; it must fit the data."""
        channels, width = self.source.channels, self.source.context_dim
        if (backbone.channels, backbone.context_dim) != (channels, width):
            raise UserError(
                f"the backbone takes {backbone.channels} latent channels and text of {backbone.context_dim} numbers, "
                f"the data have {channels} and {width}; set backbone.channels and backbone.context_dim to these"
            )
        torch.manual_seed(self.config.seed)
        network = DiT(backbone, self.config.checkpointing).to(self.world.device)
        if self.config.compiled:
            for block in network.blocks:
                block.compile()
        return network

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
            with attention(self.world.device.type), nullcontext() if last else self._unsynchronised():
                figures = self.backward(batch.z_0, batch.conditioning, index, part, rows)
            for name, value in figures.items():
                sums[name] = sums.get(name, 0.0) + value / config.accumulate
        return sums | self.update(cosine_rate(progress))

    def update(self, rate: float) -> Figures:
        """Step at ``rate`` times the learning rate; the norms of the gradients."""
        return {"grad": self.trainee.update(rate)}

    def _unsynchronised(self) -> Any:
        """Gradients of all but the last part of a batch stay in their process."""
        network = self.trainee.network
        return network.no_sync() if isinstance(network, DistributedDataParallel) else nullcontext()

    def inspect(self, index: int) -> Mapping[str, Any]:
        """What the batch of a step was made of."""
        parts = range(self.config.accumulate)
        size = self.config.batch // self.config.accumulate
        return {f"part {part}": self.source.describe(index * len(parts) + part, size) for part in parts}
