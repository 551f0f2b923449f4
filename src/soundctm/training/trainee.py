"""A network in training: its optimisers, its averages, and how it is spread over processes."""

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from soundctm.training.ema import EMA
from soundctm.training.optimizers import OptimizerConfig, Optimizers
from soundctm.training.world import World

Strategy = Literal["ddp", "fsdp"]
Network = TypeVar("Network", bound=nn.Module)
KEPT = "ema"  # the average whose weights are written when a training ends


def shard(module: nn.Module, world: World) -> None:
    """Split every block's parameters, then the rest, over all processes (FSDP2), in place.

    All of them are split again after a forward pass: an average, which gets no gradients, would otherwise stay whole.
    """
    mesh = init_device_mesh(world.device.type, (world.size,))
    for block in getattr(module, "blocks", ()):
        fully_shard(block, mesh=mesh, reshard_after_forward=True)
    fully_shard(module, mesh=mesh, reshard_after_forward=True)


class Trainee(Generic[Network]):
    """``network`` is what a loss calls; ``module`` is the same without its wrapper.

    ``averages`` maps a name to the rate of an exponential moving average, and to whether it warms up.
    """

    def __init__(
        self, module: Network, config: OptimizerConfig, world: World, strategy: Strategy = "ddp",
        averages: Mapping[str, tuple[float, bool]] | None = None,
    ) -> None:  # fmt: skip
        self.config, self.world = config, world
        self.module = module.to(world.device)
        self.network: nn.Module = self.module
        self.averages = {name: EMA(module, rate, warmup=warm) for name, (rate, warm) in (averages or {}).items()}
        if world.size > 1 and strategy == "fsdp":
            shard(module, world)
            for average in self.averages.values():
                shard(average.module, world)
        elif world.size > 1:
            self.network = DistributedDataParallel(module, broadcast_buffers=False)
        self.optimizers = Optimizers(module, config)

    def update(self, rate: float) -> float:
        """One step of the optimisers at ``rate`` times the learning rate, clipped; averages follow. Returns the norm
        that the gradient had."""
        norm = torch.nn.utils.clip_grad_norm_(self.module.parameters(), self.config.clip)
        self.optimizers.step(rate * self.config.learning_rate)
        for average in self.averages.values():
            average.update(self.module)
        return float(norm.full_tensor() if isinstance(norm, DTensor) else norm)

    def state_dict(self) -> dict[str, Any]:
        """Weights, optimiser states and averages by parameter name, whatever the number of processes."""
        members = self.optimizers.members
        return {
            "module": get_model_state_dict(self.module),
            "optimizers": get_optimizer_state_dict(self.module, members),
            "averages": {name: get_model_state_dict(average.module) for name, average in self.averages.items()},
            "updates": {name: average.updates for name, average in self.averages.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        set_model_state_dict(self.module, state["module"])
        set_optimizer_state_dict(self.module, self.optimizers.members, state["optimizers"])
        for name, average in self.averages.items():
            set_model_state_dict(average.module, state["averages"][name])
            average.updates = state["updates"][name]

    def weights(self, average: str) -> dict[str, Tensor]:
        """The whole state of an average on the CPU, gathered from all processes; every process must call this."""
        state = get_model_state_dict(self.averages[average].module)
        whole = {k: v.full_tensor() if isinstance(v, DTensor) else v for k, v in state.items()}
        return {name: cast(Tensor, value).detach().cpu().contiguous() for name, value in whole.items()}
